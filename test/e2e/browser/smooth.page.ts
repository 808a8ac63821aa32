import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '../../support/server-process.js';
import { LOOKS, launch, noBrowser, visit } from './browser.js';
import { csvOf, rowsOf } from './tables.js';
import { serveNothing, trainOn } from './untrained.js';

const FEATURES = 50;
const HOUR_POINTS = 720;
/** A longer frame is visible as a stutter, in milliseconds. */
const MAX_FRAME = 50;
const MAX_CPU = 0.01;
/** Time over which CPU time is compared, in milliseconds: longer than between two scrapes of a page, which are its rarest requests. */
const SPAN = 16_000;

/** Starts the service with 50 features and constant traffic. */
async function serveWide(t: TestContext): Promise<ServerProcess> {
  const server = await serveNothing(t);
  const names = Array.from({ length: FEATURES }, (_, i) => `feature ${i + 1}`);
  await trainOn(server.url, csvOf(names, 6000));
  const headers = { 'content-type': 'application/json' };
  let seed = 2;
  const sending = setInterval(() => {
    // Other rows each time, because repeats are not counted.
    const body = JSON.stringify({ instances: rowsOf(FEATURES, 20, seed++) });
    fetch(`${server.url}/predict`, { method: 'POST', headers, body }).then(
      (response) => response.text(),
      () => {},
    );
  }, 500);
  t.after(() => clearInterval(sending));
  return server;
}

test(`with an hour of points and ${FEATURES} features, no frame takes over ${MAX_FRAME} ms`, {
  skip: noBrowser,
}, async (t) => {
  const server = await serveWide(t);
  const browser = await launch(t);
  const first = await visit(browser, server.url);
  await first.page.getByRole('img', { name: /the median was/ }).waitFor();
  const { points } = (await (await fetch(`${server.url}/drift/history`)).json()) as { points: { at: number }[] };
  await first.page.close();
  // The past hour consists of copies of the points recorded so far; everything else comes from the service.
  const context = await browser.newContext({ viewport: LOOKS[0] });
  const page = await context.newPage();
  const past = Array.from({ length: HOUR_POINTS }, (_, i) => {
    const point = points[i % points.length]!;
    return {
      ...point,
      at: points.at(-1)!.at - 5000 * (HOUR_POINTS - 1 - i),
      alarms: i % 200 > 150 ? ['features'] : [],
    };
  });
  await page.route('**/drift/history', (route) => route.fulfill({ json: { points: past } }));
  await page.goto(server.url);
  await page.getByRole('button', { name: `Show all ${FEATURES + 1}` }).click();
  assert.equal(await page.locator('.inputs tbody tr').count(), FEATURES + 1);

  await browser.startTracing(page, { categories: ['toplevel'] });
  for (const range of ['5 min', '1 hour', '15 min', '1 hour']) await page.getByLabel(range, { exact: true }).check();
  for (const span of ['Hour', 'Day', 'Latest window']) await page.getByLabel(span, { exact: true }).check();
  for (const order of ['Input', 'Evidence']) await page.getByRole('button', { name: order, exact: true }).click();
  await page.mouse.wheel(0, 1500);
  await page.mouse.move(600, 300);
  // Two rounds of events, and the requests that follow each.
  for (let round = 0; round < 2; round++) await page.waitForResponse((response) => response.url().endsWith('/drift'));
  await page.mouse.wheel(0, -1500);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))');
  const tasks = mainThreadTasks(await browser.stopTracing());
  const longest = Math.max(...tasks);
  t.diagnostic(`longest of ${tasks.length} tasks: ${longest.toFixed(1)} ms of processor time`);
  assert.ok(tasks.length > 100, 'the browser was traced');
  assert.ok(longest <= MAX_FRAME, `${longest} ms`);
});

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Processor time of the thread, in microseconds. */
  readonly tdur?: number;
}

/**
 * Returns the CPU time of each task on the main threads of the pages, in milliseconds; a frame is one such task. Wall
 * time would also measure other load on the machine.
 */
function mainThreadTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return traceEvents
    .filter(({ name, pid, tid }) => name.endsWith('::RunTask') && main.has(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000);
}

test('an open page costs the service less than 1 % of a core', { skip: noBrowser }, async (t) => {
  const server = await serveWide(t);
  const cpu = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (.*)$/m.exec(text)![1]);
  };
  const share = async () => {
    const [before, started] = [await cpu(), performance.now()];
    await sleep(SPAN);
    return (1000 * ((await cpu()) - before)) / (performance.now() - started);
  };
  const without = await share();
  const { page } = await visit(await launch(t), server.url);
  await page.getByText(/^\d.* features, 1 target/).waitFor();
  const requested: string[] = [];
  page.on('request', (request) => requested.push(new URL(request.url()).pathname));
  const withPage = await share();
  assert.ok(requested.includes('/drift') && requested.includes('/metrics'), `the page requests updates: ${requested}`);
  const cost = withPage - without;
  const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
  t.diagnostic(
    `of a core: ${percent(without)} without a page, ${percent(withPage)} with one: ${percent(cost)} for the page`,
  );
  assert.ok(cost < MAX_CPU, percent(cost));
});

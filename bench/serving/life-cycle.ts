// Two services on one store answer several thousand predictions a second while versions are trained, activated and rolled back
// and a service is restarted: `npm run bench:life-cycle`. Prints the failures, checks every reply against the version it names,
// and compares the 99th percentile with that of quiet periods before and after. --quick shortens the run. Exits with 1 if a
// target is missed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { FileStore } from '../../src/model/store/file-store.js';
import { openVersion, type VersionFiles } from '../../src/model/versions/version.js';
import { printMachine, Verdicts } from '../tools/report.js';
import type { LoadAnswer, LoadOrder, LoadReport } from './life-cycle-load.js';
import { CSV, ROWS } from './serving-rows.js';
import { type Side, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
const SECONDS = quick ? 15 : 60;
const TRAININGS = quick ? 5 : 20;
/** Number of trainings per rollback. The restart follows half of all trainings. */
const ROLLBACK_EVERY = quick ? 5 : 4;
const MAX_RATIO = quick ? 4 : 2;
const PACE = { connections: 32, interval: 10 };

const directory = mkdtempSync(join(tmpdir(), 'rr-life-cycle-'));
const store = new FileStore(join(directory, 'reconstruction_regressor'));
const load = fork(new URL('./life-cycle-load.js', import.meta.url));
const versions = new Map<string, VersionFiles>();
const opened = new Map<string, ReturnType<typeof openVersion>['predictor']>();
const sides: [Side, Side] = [await startService(directory), await startService(directory)];
try {
  await remember('1');
  await run();
} finally {
  load.kill();
  for (const { process: child } of sides) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const bodies = ROWS.map((row) => JSON.stringify({ instances: [row] }));
  const ports = sides.map(({ port }) => port);
  load.send({ type: 'start', ports, bodies, ...PACE } satisfies LoadOrder);
  await wait(2000);
  await request<LoadReport>({ type: 'report', quiet: false });

  console.error(`quiet, ${SECONDS / 2} s`);
  await wait((SECONDS / 2) * 1000);
  const before = await request<LoadReport>({ type: 'report', quiet: true });
  console.error(`${TRAININGS} trainings, ${SECONDS} s`);
  const { activations, rollbacks } = await exercise();
  const busy = await request<LoadReport>({ type: 'report', quiet: false });
  console.error(`quiet, ${SECONDS / 2} s`);
  await wait((SECONDS / 2) * 1000);
  const after = await request<LoadReport>({ type: 'report', quiet: true });
  const answers = await request<LoadAnswer[]>({ type: 'stop' });

  const engine = await loadEngine('kernel');
  const wrong = answers.filter((answer) => !isFromVersion(answer, engine));
  const servedVersions = new Set(answers.map(({ version }) => version));
  const parts = { 'quiet before': before, 'trainings, swaps, rollbacks, a restart': busy, 'quiet after': after };

  console.log('# Life-cycle under load\n');
  printMachine();
  console.log(
    `Two services on one store, ${PACE.connections} connections, one row per request. The middle part has ${TRAININGS} trainings, ` +
      `${activations} activations, ${rollbacks} rollbacks, and a restart of one service while the other serves.\n`,
  );
  console.log(
    '| | requests | per second | median, ms | 99th percentile, ms | failed |\n|---|---:|---:|---:|---:|---:|',
  );
  for (const [name, { requests, requestsPerSecond, p50, p99, failures }] of Object.entries(parts)) {
    const figures = [requests, requestsPerSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2), failures.length];
    console.log(`| ${name} | ${figures.join(' | ')} |`);
  }
  const { quiet } = after;
  console.log(`| quiet, combined | ${quiet.requests} | | ${quiet.p50.toFixed(2)} | ${quiet.p99.toFixed(2)} | |`);
  console.log();
  const verdicts = new Verdicts();
  const failures = Object.values(parts).flatMap((part) => part.failures);
  for (const failure of failures) console.error(failure);
  verdicts.judge(`${failures.length} failed requests, expected none`, failures.length === 0);
  const total = answers.reduce((sum, { count }) => sum + count, 0);
  for (const answer of wrong.slice(0, 5)) console.error('not from the version it names:', answer);
  verdicts.judge(
    `${total - wrong.reduce((sum, { count }) => sum + count, 0)} of ${total} replies match the version that they name`,
    wrong.length === 0,
  );
  verdicts.judge(`${servedVersions.size} versions served, at least ${TRAININGS}`, servedVersions.size >= TRAININGS);
  verdicts.judge(
    `99th percentile ${(busy.p99 / quiet.p99).toFixed(2)} times that of the quiet parts combined, at most ${MAX_RATIO}`,
    busy.p99 <= MAX_RATIO * quiet.p99,
  );
  verdicts.print();
}

/** Runs the trainings on alternating services; activates each version and rolls some of them back. */
async function exercise(): Promise<{ activations: number; rollbacks: number }> {
  const started = performance.now();
  let activations = 0;
  let rollbacks = 0;
  for (let i = 0; i < TRAININGS; i++) {
    await wait(started + (i / TRAININGS) * SECONDS * 1000 - performance.now());
    const side = sides[i % 2]!;
    const query = `target=mpg&wait=true&epochs=10&seed=${i}`;
    const { model_version } = await post(side, `/train?${query}`, CSV);
    await remember(model_version);
    await post(side, `/models/${model_version}/activate`);
    activations++;
    if (i % ROLLBACK_EVERY === ROLLBACK_EVERY - 1) {
      await wait(300);
      await post(sides[(i + 1) % 2]!, '/models/rollback');
      rollbacks++;
    }
    if (i === Math.floor(TRAININGS / 2)) await restart();
  }
  await wait(started + SECONDS * 1000 - performance.now());
  return { activations, rollbacks };
}

/** Restarts a service as behind a load balancer: removes it, stops it, starts it, and adds it again once it is ready. */
async function restart(): Promise<void> {
  const [first, second] = sides;
  await request({ type: 'move', ports: [second.port] });
  first.process.kill('SIGTERM');
  const [code] = (await once(first.process, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the service ended with ${code}`);
  sides[0] = await startService(directory);
  await request({ type: 'move', ports: sides.map(({ port }) => port) });
}

/** Stores the files of a version in memory, because the service prunes old versions during the run. */
async function remember(version: string): Promise<void> {
  versions.set(version, await store.read(Number(version)));
}

async function post({ port }: Side, path: string, body?: string): Promise<{ model_version: string }> {
  const init = body === undefined ? {} : { headers: { 'content-type': 'text/csv' }, body };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', ...init });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { model_version: string };
}

async function request<T>(order: LoadOrder): Promise<T> {
  load.send(order);
  const [answer] = (await once(load, 'message')) as [T];
  return answer;
}

/** Returns whether the version named in the reply predicts exactly this number. */
function isFromVersion(
  { version, body, prediction }: LoadAnswer,
  engine: Awaited<ReturnType<typeof loadEngine>>,
): boolean {
  const files = versions.get(version);
  if (!files) return false;
  const predictor = opened.get(version) ?? openVersion(files, engine).predictor;
  opened.set(version, predictor);
  return predictor.predict(Float32Array.from(ROWS[body]!), 1).outputs[0] === Math.fround(prediction);
}

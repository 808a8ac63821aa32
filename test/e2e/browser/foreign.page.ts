import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createRelay, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { ServerProcess } from '../../support/server-process.js';
import { LOOKS, launch, noBrowser, visit } from './browser.js';
import { serveCars } from './cars.js';
import { FOREIGN_PAGE } from './foreign-page.js';

/** Names that the browser resolves to this machine, as a hostile name server may answer, or a good one inside a company. */
const NAMES = ['evil.example', 'rebound.example', 'model.example'];
const RULES = `--host-resolver-rules=${NAMES.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`;

/** Starts the service as the README does, on the car data, with the versions 1 and 2, of which 2 serves. */
async function serveTwoVersions(t: TestContext, env: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await serveCars(t, { HOST: '', ...env });
  const archive = await (await fetch(`${server.url}/models/1/archive`)).arrayBuffer();
  const added = await fetch(`${server.url}/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/gzip' },
    body: archive,
  });
  assert.equal(added.status, 201, await added.text());
  assert.equal((await fetch(`${server.url}/models/2/activate`, { method: 'POST' })).status, 200);
  return server;
}

/** Everything that a foreign page could have changed. */
async function stateOf(url: string): Promise<unknown> {
  const read = async (path: string) => (await fetch(url + path)).text();
  const drift = JSON.parse(await read('/drift'));
  const metrics = await read('/metrics');
  const counted =
    /^(model_(requests|rows|feedback_rows|trainings|version|forward_pass_rows|activations)\w*)(\{.*\})? .*$/gm;
  return {
    models: JSON.parse(await read('/models')),
    drift: [drift.rows, drift.dependence.since, drift.baseline, drift.feedback],
    metrics: metrics.match(counted),
    // All requests that were answered with success, but for those of this test.
    changed: metrics.match(/^http_request_duration_seconds_count\{(?!method="(GET|HEAD)").*status="2\d\d".*$/gm),
  };
}

/** Starts a site of its own that serves the hostile page. Returns its port. */
async function startSite(t: TestContext): Promise<number> {
  const site = createServer((_request, reply) => reply.setHeader('content-type', 'text/html').end(FOREIGN_PAGE));
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  return (site.address() as AddressInfo).port;
}

/**
 * Starts what a browser finds at a name before and after it is rebound: the hostile page, and then the service, byte for byte. Returns
 * the port.
 */
async function startRebound(t: TestContext, service: number): Promise<number> {
  const sockets = new Set<Socket>();
  const relay = createRelay((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', (first) => {
      if (first.toString('latin1').startsWith('GET /attack ')) {
        const head = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n`;
        socket.end(head + FOREIGN_PAGE);
        return;
      }
      const behind = connect({ port: service, host: '127.0.0.1' }).on('error', () => socket.destroy());
      sockets.add(behind);
      behind.write(first);
      socket.pipe(behind).pipe(socket);
    });
  }).listen(0, '127.0.0.1');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    relay.close();
  });
  await once(relay, 'listening');
  return (relay.address() as AddressInfo).port;
}

/** Opens the hostile page with pop-ups allowed, as after a click. */
async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Addresses of the frames that show something of the service. */
function framed(page: Page, host: string): string[] {
  return page
    .frames()
    .slice(1)
    .map((frame) => frame.url())
    .filter((url) => url.includes(host));
}

for (const [what, env, hostOf] of [
  // Browsers send Sec-Fetch-Site to localhost, and to other names only with TLS: there, only Origin shows the site.
  ['localhost', {}, (port: string) => `localhost:${port}`],
  ['an address', {}, (port: string) => `127.0.0.1:${port}`],
  ['a name inside a company', { ALLOWED_HOSTS: 'model.example' }, (port: string) => `model.example:${port}`],
] as const) {
  test(`a page of another site changes nothing and reads nothing of a service at ${what}`, {
    skip: noBrowser,
  }, async (t) => {
    const server = await serveTwoVersions(t, env);
    const { port } = new URL(server.url);
    const host = hostOf(port);
    const before = await stateOf(server.url);
    const page = await open(await launch(t, [RULES]), `http://evil.example:${await startSite(t)}/`);
    const found = await page.evaluate<string[]>(`attack('http://${host}/')`);
    assert.deepEqual(await stateOf(server.url), before);
    assert.deepEqual(found, []);
    assert.deepEqual(framed(page, host), [], 'frames that show the service');
    const refused = server.lines.filter(({ status }) => status === 403).length;
    assert.ok(refused > 20, `only ${refused} requests were refused: the page has not tried`);
  });
}

test('a page under a name that was rebound to the service changes nothing and reads nothing', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveTwoVersions(t);
  const before = await stateOf(server.url);
  const page = await (await launch(t, [RULES])).newPage();
  const url = `http://rebound.example:${await startRebound(t, Number(new URL(server.url).port))}/`;
  await page.goto(`${url}attack`);
  const found = await page.evaluate<string[]>(`attack('${url}')`);
  assert.deepEqual(await stateOf(server.url), before);
  // Of the same origin, it can read the replies: each is the refusal.
  assert.deepEqual(
    found.filter((line) => !line.includes('is not a name of this service')),
    [],
  );
  assert.ok(found.length > 50, `only ${found.length} replies: the page has not tried`);
  const answered = server.lines.filter(({ msg, status }) => msg === 'request answered' && status !== 421);
  // Those of this test come by an address.
  assert.deepEqual(
    answered.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`),
    ['POST /models', 'POST /models/2/activate'],
  );
});

test('a page of CORS_ORIGINS predicts, and does nothing else', { skip: noBrowser }, async (t) => {
  const site = await startSite(t);
  const origin = `http://evil.example:${site}`;
  const server = await serveTwoVersions(t, { CORS_ORIGINS: origin });
  const page = await open(await launch(t, [RULES]), `${origin}/`);
  const predicted = await page.evaluate<{ status: number; id: string | null; body: { predictions: number[][] } }>(`
    fetch('${server.url}/predict', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ROW }).then(async (reply) =>
      ({ status: reply.status, id: reply.headers.get('x-request-id'), body: await reply.json() }))`);
  assert.equal(predicted.status, 200);
  assert.equal(predicted.body.predictions.length, 1);
  assert.ok(predicted.id);
  const others = await page.evaluate<string[]>(`Promise.all([
    ...CHANGES.map((path) => fetch('${server.url}/' + path, { method: 'POST' })),
    ...READS.map((path) => fetch('${server.url}/' + path)),
    fetch('${server.url}/models/1', { method: 'DELETE' }),
    fetch('${server.url}/feedback', { method: 'POST', headers: { 'content-type': 'application/json' }, body: FEEDBACK }),
  ].map((sent) => sent.then((reply) => reply.url + ' ' + reply.status, () => null))).then((all) => all.filter(Boolean))`);
  assert.deepEqual(others, []);
  const { aliases } = (await (await fetch(`${server.url}/models`)).json()) as { aliases: { production: string } };
  assert.equal(String(aliases.production), '2');
});

test('the page and the API reference work under their policies, by every name of the service', {
  skip: noBrowser,
}, async (t) => {
  const server = await serveTwoVersions(t, { ALLOWED_HOSTS: 'model.example' });
  const { port } = new URL(server.url);
  const browser = await launch(t, [RULES]);
  for (const host of ['localhost', '127.0.0.1', '[::1]', 'model.example']) {
    const { page, problems } = await visit(browser, `http://${host}:${port}`, LOOKS[0], 'versions');
    await page.getByText('Open to anyone who can reach 127.0.0.1 or ::1').waitFor();
    await page.getByRole('button', { name: /^Roll back to version/ }).click();
    await page.getByRole('button', { name: 'Roll back', exact: true }).click();
    await page.getByText(/is serving again/).waitFor();
    await page.goto(`http://${host}:${port}/docs`);
    await page.locator('[id$="isLive"] .opblock-summary-control').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    // Over HTTP, a browser has no use for this header at names other than localhost, and says so.
    assert.deepEqual(
      problems.filter((text) => !text.includes('Cross-Origin-Opener-Policy')),
      [],
      host,
    );
    await page.close();
  }
});

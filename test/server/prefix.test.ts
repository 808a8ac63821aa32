import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startPrefixProxy } from '../support/prefix-proxy.js';
import { buildTestApp } from '../support/test-app.js';

/** Starts the application behind a prefix. Returns its public URL. */
async function behindPrefix(t: TestContext, forwarded: boolean): Promise<string> {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { maxRows: 2000 });
  return startPrefixProxy(t, await app.listen({ port: 0, host: '127.0.0.1' }), forwarded);
}

/** Fetches everything that a page loads. */
async function assertLoads(html: string, url: string): Promise<void> {
  const names = Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), ([, name]) => name!);
  assert.ok(names.length >= 3, html);
  for (const name of names) assert.equal((await fetch(new URL(name, url))).status, 200, name);
}

for (const forwarded of [false, true]) {
  test(`behind a prefix that a proxy strips${forwarded ? ' and reports' : ''}, pages load and links lead back`, async (t) => {
    const base = await behindPrefix(t, forwarded);
    const home = await fetch(base, { headers: { accept: 'text/html' } });
    await assertLoads(await home.text(), home.url);

    for (const start of ['docs', 'docs/', 'docs/static/', 'docs/static/index.html']) {
      const docs = await fetch(new URL(start, base));
      assert.equal(docs.url, `${base}docs/`, start);
      await assertLoads(await docs.text(), docs.url);
    }
    for (const name of ['openapi.json', 'docs/json']) {
      const response = await fetch(new URL(name, base));
      const { servers } = (await response.json()) as { servers: { url: string }[] };
      assert.equal(new URL(servers[0]!.url, response.url).href, base, name);
    }
  });
}

test('the location of what was made has the prefix that a proxy reports', async (t) => {
  const base = await behindPrefix(t, true);
  const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i), i % 7, i]);
  const body = JSON.stringify({ instances: rows, targets: rows.map(([a]) => a) });
  const headers = { 'content-type': 'application/json' };
  const started = await fetch(new URL('train?epochs=1', base), { method: 'POST', headers, body });
  assert.equal(started.status, 202);
  const job = new URL(started.headers.get('location')!, base);
  assert.equal((await fetch(job)).status, 200, job.href);
});

test('a prefix that is no path is not taken', async (t) => {
  const { app } = await buildTestApp(t);
  const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i), i % 7, i]);
  const payload = { instances: rows, targets: rows.map(([a]) => a) };
  for (const prefix of ['//evil.example', '/\\evil', 'https://evil.example', '/a b']) {
    const headers = { 'x-forwarded-prefix': prefix };
    const { headers: got } = await app.inject({ method: 'POST', url: '/train?epochs=1&wait=true', headers, payload });
    assert.match(String(got['location']), /^\/train\/[\w-]+$/, prefix);
  }
});

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { buildTestApp } from '../../support/test-app.js';

const BUILT = fileURLToPath(new URL('./', import.meta.resolve('#built/page/index.html')));
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
/** Maximum size of all that a browser loads, compressed. */
const MAX_BYTES = 150_000;

test('clients that accept HTML get the page, all others the index in plain text', async (t) => {
  const { app } = await buildTestApp(t, []);
  const page = await app.inject({ url: '/', headers: HTML });
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.body, /^<!doctype html>/);
  assert.equal(page.headers['cache-control'], 'no-cache');
  for (const accept of [undefined, '*/*', 'application/json', 'text/html;q=0, */*']) {
    const headers = accept === undefined ? {} : { accept };
    const index = await app.inject({ url: '/', headers });
    assert.equal(index.headers['content-type'], 'text/plain; charset=utf-8');
    assert.match(index.body, /POST \/predict/);
  }
  for (const answer of [page, await app.inject('/')]) assert.equal(answer.headers['vary'], 'accept, accept-encoding');
});

test('the files that the page loads are cached for ever, in the encoding that the client accepts', async (t) => {
  const { app } = await buildTestApp(t, []);
  const { body } = await app.inject({ url: '/', headers: HTML });
  const names = Array.from(body.matchAll(/(?:src|href)="([^"]+)"/g), ([, name]) => name!);
  assert.deepEqual(names.map((name) => name.replace(/-\w{8}\./, '.')).sort(), [
    'page/icon.svg',
    'page/page.css',
    'page/page.js',
  ]);
  for (const name of names) {
    const ask = (encoding: string) => app.inject({ url: `/${name}`, headers: { 'accept-encoding': encoding } });
    const [plain, brotli, gzip] = [await ask('br;q=0'), await ask('gzip, deflate, br'), await ask('gzip')];
    assert.equal(plain.statusCode, 200);
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(brotli.headers['content-encoding'], 'br');
    assert.equal(gzip.headers['content-encoding'], 'gzip');
    assert.deepEqual(brotliDecompressSync(brotli.rawPayload), plain.rawPayload);
    assert.deepEqual(gunzipSync(gzip.rawPayload), plain.rawPayload);
  }
});

test('the page has a policy that allows no inline code and no other host', async (t) => {
  const { app } = await buildTestApp(t, []);
  const page = await app.inject({ url: '/', headers: HTML });
  const script = /src="([^"]+)"/.exec(page.body)![1];
  for (const { headers } of [page, await app.inject(`/${script}`)]) {
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  }
  assert.doesNotMatch(page.body, /<script(?![^>]*src)|<style|style=|\son[a-z]+=/);
});

test('an unchanged page is not sent again', async (t) => {
  const { app } = await buildTestApp(t, []);
  const { headers } = await app.inject({ url: '/', headers: HTML });
  const again = await app.inject({ url: '/', headers: { ...HTML, 'if-none-match': String(headers['etag']) } });
  assert.equal(again.statusCode, 304);
  assert.equal(again.body, '');
});

test('no other name is served', async (t) => {
  const { app } = await buildTestApp(t, []);
  const names = ['index.html', 'none.js', '..%2fapp.js', '%2e%2e%2f%2e%2e%2fpackage.json', 'page.css.br', '__proto__'];
  const built = readdirSync(BUILT).find((name) => name.endsWith('.js.br'))!;
  for (const name of [...names, built]) {
    const { statusCode, body } = await app.inject(`/page/${name}`);
    assert.equal(statusCode, 404, name);
    assert.equal(JSON.parse(body).code, 'NOT_FOUND');
  }
});

test(`all of the page is under ${MAX_BYTES / 1000} kB, compressed`, (t) => {
  const sizes = readdirSync(BUILT)
    .filter((name) => name.endsWith('.gz'))
    .map((name) => statSync(`${BUILT}${name}`).size);
  assert.equal(sizes.length, 4);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  t.diagnostic(`${(all / 1000).toFixed(1)} kB with gzip`);
  assert.ok(all < MAX_BYTES, `${all} bytes`);
});

test('the index of a read-only service lists no route that changes state', async (t) => {
  const routes = async (readOnly: boolean) => {
    const { app } = await buildTestApp(t, undefined, { readOnly });
    return (await app.inject({ url: '/' })).body.split('\n').slice(2);
  };
  const [all, left] = [await routes(false), await routes(true)];
  const gone = all.filter((line) => !left.includes(line)).map((line) => line.replace(/(\S+ +\S+).*/, '$1'));
  assert.deepEqual(gone, [
    'POST /train',
    'POST /models/<v>/activate',
    'DELETE /models/<v>',
    'POST /models',
    'POST /feedback',
  ]);
});

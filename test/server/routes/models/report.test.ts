import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { assertWellFormed } from '../../../support/markup.js';
import { copyStoredVersion } from '../../../support/stored-version.js';
import { buildTestApp, type TestApp } from '../../../support/test-app.js';

/** Trains on 300 rows whose target is about their sum. */
async function trainSum({ app }: TestApp) {
  const random = createRandom(1);
  const instances = Array.from({ length: 300 }, () => [random.normal(), random.normal(), random.normal()]);
  const targets = instances.map((row) => [row.reduce((sum, value) => sum + value) + random.normal() / 10]);
  const url = '/train?wait=true&epochs=3&replace=true';
  const reply = await app.inject({ method: 'POST', url, payload: { instances, targets } });
  assert.equal(reply.statusCode, 200, reply.body);
}

test('a report is a page to save, by number and by alias, with charts of what the training summarised', async (t) => {
  const parts = await buildTestApp(t);
  await trainSum(parts);
  const byNumber = await parts.app.inject({ url: '/models/2/report' });
  assert.equal(byNumber.statusCode, 200, byNumber.body);
  const { headers, body } = byNumber;
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['content-disposition'], 'inline; filename="model-test-v2-report.html"');
  assert.match(
    String(headers['content-security-policy']),
    /^default-src 'none'; style-src 'sha256-.*frame-ancestors 'none'$/,
  );
  assert.ok(!String(headers['content-security-policy']).includes('script-src'));
  assertWellFormed(body);
  assert.match(body, /Predicted against true/);
  assert.match(body, /60 held-out rows, with intervals of 95 %/);
  const alias = (await parts.store.aliases()).production === 2 ? 'production' : 'candidate';
  const byAlias = await parts.app.inject({ url: `/models/${alias}/report` });
  const withoutTime = (text: string) => text.replace(/Made \d{4}[^ ]* [\d:]+ UTC/, '');
  assert.equal(withoutTime(byAlias.body), withoutTime(body));
});

test('an unknown version, an alias of none and a broken version are refused as elsewhere', async (t) => {
  const parts = await buildTestApp(t);
  const ask = async (version: string) => {
    const { statusCode, body } = await parts.app.inject({ url: `/models/${version}/report` });
    return [statusCode, JSON.parse(body).code, JSON.parse(body).error];
  };
  assert.deepEqual(await ask('99'), [404, 'VERSION_NOT_FOUND', 'version 99 is not in the store']);
  assert.deepEqual(await ask('candidate'), [404, 'VERSION_NOT_FOUND', 'no version is candidate']);
  for (const name of ['x', '0', '-1', '1e3', 'Production', 'constructor'])
    assert.equal((await ask(name))[0], 400, name);

  await trainSum(parts);
  const path = join(parts.store.location, '2', 'evaluation.json');
  writeFileSync(path, '{"schema":1,"rows":60,"targets":[]}');
  const changed = await ask('2');
  assert.deepEqual(changed.slice(0, 2), [409, 'INVALID_VERSION']);
  assert.match(String(changed[2]), /evaluation\.json: its checksum is not the card's/);
  rmSync(path);
  assert.match(String((await ask('2'))[2]), /evaluation\.json: the file is missing/);
});

test('a version of an earlier release has a report that says what it has not', async (t) => {
  const parts = await buildTestApp(t, []);
  copyStoredVersion(parts.store.location);
  const { statusCode, body } = await parts.app.inject({ url: '/models/1/report' });
  assert.equal(statusCode, 200, body);
  assertWellFormed(body);
  assert.match(body, /trained by an earlier release/);
});

test('an uploaded version says that its figures were not measured here', async (t) => {
  const parts = await buildTestApp(t);
  await trainSum(parts);
  const archive = (await parts.app.inject({ url: '/models/2/archive' })).rawPayload;
  const headers = { 'content-type': 'application/gzip' };
  assert.equal((await parts.app.inject({ method: 'POST', url: '/models', headers, payload: archive })).statusCode, 201);
  const { body } = await parts.app.inject({ url: '/models/3/report' });
  assert.match(body, /The version was uploaded/);
  assert.match(body, /Predicted against true/);
});

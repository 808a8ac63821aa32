import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loggedUrl } from '../../../src/server/log/logged-url.js';
import { buildTestApp } from '../../support/test-app.js';

test('of a query only the values of declared parameters are shown', () => {
  const declared = new Set(['target', 'wait']);
  assert.equal(loggedUrl('/train?target=mpg&wait=true', declared), '/train?target=mpg&wait=true');
  assert.equal(loggedUrl('/train?token=secret&target=mpg&b', declared), '/train?token=…&target=mpg&b');
  assert.equal(loggedUrl('/x?Target=secret', declared), '/x?Target=…');
  assert.equal(loggedUrl('/x?a=b=c?d=e', new Set()), '/x?a=…');
  assert.equal(loggedUrl('/x', new Set()), '/x');
});

test('a key is shown by its id, wherever it is, and a long URL is cut', () => {
  assert.equal(loggedUrl('/x/rr_3f9c0a1b2c3d_sEcr-et_1/y', new Set()), '/x/rr_3f9c0a1b2c3d_…/y');
  assert.equal(loggedUrl(`/${'a'.repeat(300)}`, new Set()), `/${'a'.repeat(199)}…`);
});

test('the log shows no secret of a URL, known route or not', async (t) => {
  const { app, logged } = await buildTestApp(t, ['a']);
  await app.inject('/models?access_token=planted-1');
  await app.inject('/nowhere?code=planted-2');
  await app.inject({ method: 'POST', url: '/predict?planted=3', payload: { instances: [[1]] } });
  const lines = logged.filter(({ msg }) => msg === 'request answered');
  assert.equal(lines.length, 3);
  assert.doesNotMatch(JSON.stringify(lines), /planted-/);
  assert.match(JSON.stringify(lines), /models\?access_token=…/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMixedApp } from '../../support/mixed-app.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../support/test-app.js';

const ROW = { size: 1, color: 'red', new: true, sold: '2024-01-01', width: 1 };

async function linesOf({ app }: TestApp): Promise<string[]> {
  const { body } = await app.inject({ url: '/metrics' });
  return body.split('\n').filter((line) => line.startsWith('model_unknown_levels_total'));
}

test('levels that the training did not have are counted by feature, and gaps and other types are not', async (t) => {
  const built = await buildMixedApp(t, { allowMissing: true });
  assert.deepEqual(await linesOf(built), ['model_unknown_levels_total{feature="color"} 0']);
  const instances = ['violet', 'red', null, 'NA', '', 'Red', 5].map((color) => ({ ...ROW, color, size: 3 }));
  const reply = await built.app.inject({ method: 'POST', url: '/predict?explain=true', payload: { instances } });
  assert.equal(reply.statusCode, 200, reply.body);
  assert.deepEqual(await linesOf(built), ['model_unknown_levels_total{feature="color"} 3']);
  const unknown = reply.json().explanations.map((each: { unknown_levels: string[] }) => each.unknown_levels);
  assert.deepEqual(unknown, [['color'], [], [], [], [], ['color'], ['color']]);
});

test('a model of numbers has no such series, also after one that had', async (t) => {
  const built = await buildMixedApp(t);
  await built.app.inject({ method: 'POST', url: '/predict', payload: { instances: [ROW] } });
  assert.equal((await linesOf(built)).length, 1);
  await built.loader.activate(await publishUntrained(built.store, ['a'], ['y']));
  assert.deepEqual(await linesOf(built), []);
  assert.deepEqual(await linesOf(await buildTestApp(t)), []);
});

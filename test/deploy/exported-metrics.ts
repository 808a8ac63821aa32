import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { buildTestApp } from '../server/test-app.js';
import { Plant, TARGET } from './plant.js';

/** The names of all samples that the service exports after a training, predictions and feedback. */
export async function exportedMetrics(t: TestContext): Promise<Set<string>> {
  const { app } = await buildTestApp(t, [], { maxRows: 1000, bodyLimit: 2 ** 22 });
  const plant = new Plant(1);
  const response = await app.inject({
    method: 'POST',
    url: `/train?target=${TARGET}&wait=true&epochs=1`,
    headers: { 'content-type': 'text/csv' },
    payload: plant.csv(1500),
  });
  assert.equal(response.statusCode, 200, response.body);
  const instances = plant.rows(100);
  const targets = instances.map(() => 500);
  for (const [url, payload] of [
    ['/predict', { instances }],
    ['/feedback', { instances, targets }],
  ] as const) {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload });
    assert.equal(statusCode, 200, body);
  }
  const { body } = await app.inject({ url: '/metrics' });
  return new Set(Array.from(body.matchAll(/^(\w+)[ {]/gm), ([, name]) => name!));
}

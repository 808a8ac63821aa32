import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Plant, TARGET } from '../e2e/prometheus/synthetic-plant.js';
import { buildTestApp } from '../support/test-app.js';

/** Returns the reply of `/metrics` after a training, predictions and feedback, and the names of all samples in it. */
export async function exportedMetrics(t: TestContext): Promise<{ text: string; names: ReadonlySet<string> }> {
  const { app } = await buildTestApp(t, [], { maxRows: 1000, bodyLimit: 2 ** 22 });
  const plant = new Plant(1);
  const response = await app.inject({
    method: 'POST',
    url: `/train?target=${TARGET}&wait=true&epochs=1`,
    headers: { 'content-type': 'text/csv' },
    payload: plant.csv(1500),
  });
  assert.equal(response.statusCode, 200, response.body);
  const instances = plant.rows(500);
  const targets = instances.map(() => 500);
  for (const [url, payload] of [
    // Twice: of a large request only half is counted, and what is expected of a window needs a full one.
    ['/predict', { instances }],
    ['/predict', { instances }],
    ['/feedback', { instances, targets }],
  ] as const) {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload });
    assert.equal(statusCode, 200, body);
  }
  const { body: text } = await app.inject({ url: '/metrics' });
  return { text, names: new Set(Array.from(text.matchAll(/^(\w+)[ {]/gm), ([, name]) => name!)) };
}

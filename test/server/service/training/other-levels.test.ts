import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { buildTestApp, type TestApp } from '../../../support/test-app.js';

const EFFECTS: Readonly<Record<string, number>> = { red: 0, green: 40, blue: -40, violet: 10 };

/** Draws a CSV of sizes, colours and days whose target depends on all; the first colours are the most frequent ones. */
function table(colors: readonly string[], seed: number, firstDay: number, rows = 600): string {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, () => {
    const color = colors[Math.floor(colors.length * random.uniform() ** 2)]!;
    const size = random.normal();
    const day = firstDay + random.below(200);
    const y = 200 + 10 * size + EFFECTS[color]! + 0.3 * day + random.normal();
    return `${size},${color},${new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10)},${y}`;
  });
  return `size,color,sold,y\n${lines.join('\n')}\n`;
}

async function train({ app }: TestApp, payload: string, query = '') {
  const url = `/train?target=y&epochs=40${query}`;
  return app.inject({ method: 'POST', url, headers: { 'content-type': 'text/csv' }, payload });
}

test('a serving version of other levels, in another order, is judged by what the rows mean', async (t) => {
  const built = await buildTestApp(t, []);
  const first = (await train(built, table(['red', 'green', 'blue'], 1, 0), '&wait=true')).json();
  assert.equal(first.state, 'succeeded', JSON.stringify(first.error));
  const own = first.metrics.targets.y;
  assert.ok(own.rmse < 5 && own.baseline_rmse > 25, JSON.stringify(own));
  const second = (await train(built, table(['blue', 'red', 'green'], 2, 0), '&wait=true')).json();
  assert.equal(second.gate.serving_version, '1');
  // By index, two thirds of the colours would be others, at 40 and more.
  assert.ok(second.gate.serving < 2 * own.rmse + 2, JSON.stringify(second.gate));
});

test('a candidate in the shadow answers rows in its own codes', async (t) => {
  const built = await buildTestApp(t, []);
  await train(built, table(['red', 'green', 'blue'], 1, 0), '&wait=true');
  const started = await train(built, table(['violet', 'blue', 'green', 'red'], 2, -50), '&shadow_rows=30');
  const { id } = started.json();
  const job = async () => (await built.app.inject({ url: `/train/${id}` })).json();
  while (!(await job()).shadow && (await job()).state === 'running') await new Promise((done) => setTimeout(done, 50));
  const instances = Array.from({ length: 30 }, (_, i) => ({
    size: i / 30,
    color: ['red', 'green', 'blue'][i % 3],
    sold: `2024-03-${String(1 + i).padStart(2, '0')}`,
  }));
  const reply = await built.app.inject({ method: 'POST', url: '/predict', payload: { instances } });
  assert.equal(reply.statusCode, 200, reply.body);
  const { state, shadow } = (await built.jobs.finished(id)) as Awaited<ReturnType<typeof job>>;
  assert.equal(state, 'succeeded');
  assert.equal(shadow.rows, 30);
  assert.ok(shadow.targets.y.rms_difference < 10, JSON.stringify(shadow));
});

test('levels that look like numbers remain levels while the model that serves has levels', async (t) => {
  const built = await buildTestApp(t, []);
  await train(built, table(['red', 'green', 'blue'], 1, 0), '&wait=true');
  const digits = table(['red', 'green', 'blue'], 3, 0)
    .replace(/red/g, '1')
    .replace(/green/g, '2')
    .replace(/blue/g, '3');
  const typeOfColor = async (query: string) => {
    const reply = await train(built, digits, `&wait=true${query}`);
    assert.equal(reply.json().state, 'succeeded', reply.body);
    const { columns } = (await built.app.inject({ url: '/model' })).json();
    return columns.find(({ name }: { name: string }) => name === 'color')?.type;
  };
  assert.equal(await typeOfColor('&promote=always'), 'category');
});

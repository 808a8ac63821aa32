import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildTestApp } from '../../../support/test-app.js';

/** Rows with a category of these levels, a truth value, a date from `year` on, and gaps. */
function rows(count: number, levels: readonly string[], year: number) {
  return Array.from({ length: count }, (_, i) => {
    const color = levels[i % levels.length]!;
    const size = i % 5 === 0 ? null : Math.sin(i);
    const sold = new Date(Date.UTC(year, 0, 1 + ((7 * i) % 300))).toISOString().slice(0, 10);
    return { color, fresh: i % 3 === 0, sold, size, y: color.length + (size ?? 2) + (i % 3) };
  });
}

const post = (app: FastifyInstance, url: string, payload: object) => app.inject({ method: 'POST', url, payload });
async function train(app: FastifyInstance, instances: object[]) {
  const response = await post(app, '/train?wait=true&epochs=2&promote=always', { instances, target: 'y' });
  assert.equal(response.statusCode, 200, response.body);
}
const ASKED = [
  { color: 'green', fresh: true, sold: '2023-05-01', size: null },
  { color: 'red', fresh: 'false', sold: '2024-12-31', size: 0.5 },
  { color: 'never seen', fresh: 0, sold: '2022-01-01', size: -1 },
];
async function predict(app: FastifyInstance): Promise<number[][]> {
  const response = await post(app, '/predict', { instances: ASKED });
  assert.equal(response.statusCode, 200, response.body);
  return response.json().predictions;
}

test('versions of other levels and dates are compared on the same values, and going back to one gives its answers', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  await train(app, rows(80, ['red', 'green'], 2023));
  const first = await predict(app);
  await train(app, rows(80, ['violet', 'green', 'red', 'blue'], 2024));
  const second = await predict(app);
  const answer = await app.inject({ url: '/models/1/compare/2' });
  assert.equal(answer.statusCode, 200, answer.body);
  const { features, rows: probes, outputs } = answer.json().predictions;
  // Each version answers the values that the comparison shows as it answers them to a client.
  for (const [i, version] of ['1', '2'].entries()) {
    const activated = await post(app, `/models/${version}/activate`, {});
    assert.equal(activated.statusCode, 200, activated.body);
    const instances = probes.map((row: unknown[]) =>
      Object.fromEntries(
        features.map((name: string, j: number) => [name, name === 'color' ? (row[j] ?? 'unknown to both') : row[j]]),
      ),
    );
    const reply = await post(app, '/predict', { instances });
    assert.equal(reply.statusCode, 200, reply.body);
    reply.json().predictions.forEach(([y]: number[], r: number) => {
      const expected = outputs[i][r][0];
      assert.ok(Math.abs(y! - expected) < 1e-4, `version ${version}, row ${r}: ${y} for ${expected}`);
    });
    assert.deepEqual(await predict(app), i === 0 ? first : second);
  }
});

test('a mixed version goes from one service to another in an archive, and serves there in every container', async (t) => {
  const from = await buildTestApp(t, [], { maxRows: 1000 });
  // Enough held-out rows for the cycles of a date, which the baseline has beside the columns.
  await train(from.app, rows(600, ['red', 'green', 'two, "words"'], 2023));
  const to = await buildTestApp(t, ['a'], { maxRows: 1000 }, {});
  const { rawPayload } = await from.app.inject({ url: '/models/1/archive' });
  const headers = { 'content-type': 'application/gzip' };
  const upload = await to.app.inject({ method: 'POST', url: '/models', headers, payload: rawPayload });
  assert.equal(upload.statusCode, 201, upload.body);
  assert.deepEqual(upload.json().columns, from.service.serving.card.columns);
  await to.loader.activate(2);
  const expected = await predict(from.app);
  assert.deepEqual(await predict(to.app), expected);
  const csv = ASKED.map(({ color, fresh, sold, size }) => `${color},${fresh},${sold},${size ?? ''}`).join('\n');
  const invoked = await to.app.inject({
    method: 'POST',
    url: '/invocations',
    headers: { 'content-type': 'text/csv', accept: 'application/json' },
    payload: csv,
  });
  assert.equal(invoked.statusCode, 200, invoked.body);
  assert.deepEqual(
    invoked
      .json()
      .predictions.flat(2)
      .map((each: { score?: number } | number) => (typeof each === 'number' ? each : each.score)),
    expected.flat(),
  );
});

test('the card of a version says what matters overall, as it is in the store, and a comparison has both versions', async (t) => {
  const { app, store } = await buildTestApp(t, [], { maxRows: 1000 });
  await train(app, rows(200, ['red', 'green'], 2023));
  await train(app, rows(200, ['violet', 'green', 'red', 'blue'], 2024));
  const { importance, partial_dependence } = (await app.inject({ url: '/models/1' })).json();
  const stored = JSON.parse(Buffer.from((await store.readFile(1, 'card.json'))!).toString());
  assert.deepEqual(importance, stored.importance);
  assert.deepEqual(partial_dependence, stored.partial_dependence);
  assert.deepEqual(importance.columns.map(({ name }: { name: string }) => name).sort(), [
    'color',
    'fresh',
    'size',
    'sold',
  ]);
  assert.ok(partial_dependence.length > 0);
  const compared = (await app.inject({ url: '/models/1/compare/2' })).json().importance;
  assert.equal(compared.length, 4);
  assert.deepEqual(compared[0].name, importance.columns[0].name);
  assert.equal(compared[0].increase[0], importance.columns[0].increase);
  assert.ok(compared.every(({ increase }: { increase: number[] }) => increase.every(Number.isFinite)));
});

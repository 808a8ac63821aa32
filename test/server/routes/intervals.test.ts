import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import type { FastifyInstance } from 'fastify';
import { NumberWriter } from '../../../src/base/json/number-writer.js';
import { assertClose } from '../../support/close-to.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../support/test-app.js';

const FILE = {
  schema: 1,
  rows: 19,
  targets: [{ difficulty: null, scores: Array.from({ length: 19 }, (_, i) => (i + 1) / 10) }],
} as const;
const INSTANCES = '{"instances": [[1, 2, 3], [4, 5, 6]]}';

const predict = (app: FastifyInstance, query: string, payload: string | Buffer = INSTANCES, headers = {}) =>
  app.inject({
    method: 'POST',
    url: `/predict${query}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });

/** The shortest number that is this one as float32, as the replies write it. */
function shortest(value: number): number {
  return Number(new NumberWriter().number(value).take());
}

async function serveIntervals({ store, loader }: TestApp, targets: readonly string[] = ['y']): Promise<void> {
  const intervals = {
    ...FILE,
    targets: targets.map(() => ({ difficulty: null, scores: [...FILE.targets[0].scores] })),
  };
  const { hidden } = { hidden: [30, 30] };
  await loader.activate(await publishUntrained(store, ['a', 'b', 'c'], targets, 2, null, { hidden, intervals }));
}

test('?interval adds bounds to each prediction, and nothing else changes', async (t) => {
  const served = await buildTestApp(t);
  await serveIntervals(served);
  const plain = (await predict(served.app, '')).body;
  const answer = await predict(served.app, '?interval=0.9');
  assert.equal(answer.statusCode, 200, answer.body);
  const { intervals, interval, ...rest } = answer.json();
  assert.equal(interval, 0.9);
  assert.deepEqual(rest, JSON.parse(plain));
  for (const [row, [pair]] of intervals.entries()) {
    const value = rest.predictions[row][0];
    // The 18th of 19 scores, 1.8, in deviations of 2.
    assertClose(pair, [value - 3.6, value + 3.6], 1e-5);
  }
  assert.deepEqual((await predict(served.app, '')).body, plain);
});

test('bounds come with explanations and ids, as CSV and as Arrow', async (t) => {
  const served = await buildTestApp(t);
  await serveIntervals(served, ['y', 'y_low']);
  const { app } = served;
  const { intervals, predictions } = (await predict(app, '?interval=0.5')).json();
  const all = (await predict(app, '?interval=0.5&explain=true&ids=true')).json();
  assert.deepEqual(all.intervals, intervals);
  assert.equal(all.interval, 0.5);
  assert.equal(all.explanations.length, 2);
  assert.equal(typeof all.prediction_id, 'string');

  const names = ['y', 'y_low', 'y_low_2', 'y_high', 'y_low_low', 'y_low_high', 'reconstruction_error'];
  const csv = await predict(app, '?interval=0.5', INSTANCES, { accept: 'text/csv' });
  const [header, ...lines] = csv.body.trim().split('\r\n');
  assert.equal(header, names.join());
  const expected = predictions.map((outputs: number[], row: number) => [...outputs, ...intervals[row].flat()]);
  assert.deepEqual(
    lines.map((line) => line.split(',').slice(0, -1).map(Number)),
    expected,
  );
  const arrow = await predict(app, '?interval=0.5', INSTANCES, { accept: 'application/vnd.apache.arrow.stream' });
  const table = tableFromIPC(arrow.rawPayload);
  assert.deepEqual(
    table.schema.fields.map(({ name }) => name),
    names,
  );
  assert.equal(table.schema.metadata.get('interval'), '0.5');
  assert.deepEqual(
    expected,
    [0, 1].map((row) => names.slice(0, -1).map((name) => shortest(table.getChild(name)!.get(row)))),
  );
});

test('a level that is none is refused with the range, and one that takes more rows with their number', async (t) => {
  const served = await buildTestApp(t);
  await serveIntervals(served);
  const { app } = served;
  for (const level of ['1.0', '0.49', '0', '-0.9', 'abc', '', '90', 'NaN', 'Infinity', '0.9&interval=0.8']) {
    const answer = await predict(app, `?interval=${level}`);
    assert.equal(answer.statusCode, 400, level);
    assert.equal(answer.json().code, 'INVALID_QUERY');
    assert.match(answer.json().error, /^interval: expected a level from 0\.5 to 0\.99, got /);
  }
  const answer = await predict(app, '?interval=0.99');
  assert.deepEqual(
    [answer.statusCode, answer.json().code, answer.json().error],
    [
      422,
      'LEVEL_UNAVAILABLE',
      'interval 0.99 needs at least 99 calibration rows, this version has 19; train with more rows, or ask for at most 0.95',
    ],
  );
  assert.equal((await predict(app, '?interval=0.95')).statusCode, 200);
});

test('a version of an earlier release has no intervals, and says how to get some', async (t) => {
  const { app } = await buildTestApp(t);
  const answer = await predict(app, '?interval=0.9');
  assert.deepEqual([answer.statusCode, answer.json().code], [409, 'INTERVALS_UNAVAILABLE']);
  assert.match(answer.json().error, /^version 1 has no prediction intervals: .*train again/);
});

test('a read-only service answers with intervals', async (t) => {
  const served = await buildTestApp(t, ['a', 'b', 'c'], { readOnly: true });
  await serveIntervals(served);
  assert.equal((await predict(served.app, '?interval=0.9')).json().interval, 0.9);
});

test('the intervals of a training hold what they say on rows that it has not seen, and are on its card', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 2000 });
  const rows = Array.from({ length: 2200 }, (_, i) => {
    const [x, noise] = [Math.sin(12.9 * i), Math.sin(78.233 * i * i)];
    return { x, y: 3 * x + noise };
  });
  const trained = await app.inject({
    method: 'POST',
    url: '/train?wait=true&epochs=5',
    payload: { instances: rows.slice(0, 1200), target: 'y' },
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const { intervals: described, files } = (await app.inject({ url: '/model' })).json();
  assert.equal(described.rows, 240);
  assert.ok(files['intervals.json'].bytes > 0);
  const rest = rows.slice(1200);
  for (const level of [0.5, 0.8, 0.95]) {
    const payload = JSON.stringify({ instances: rest.map(({ x }) => [x]) });
    const { intervals } = (await predict(app, `?interval=${level}`, payload)).json();
    const inside = rest.filter(({ y }, i) => intervals[i][0][0] <= y && y <= intervals[i][0][1]).length;
    // 240 calibration rows: the coverage has a standard deviation of up to 0.03.
    assert.ok(Math.abs(inside / rest.length - level) < 0.12, `${level}: ${inside / rest.length}`);
  }
});

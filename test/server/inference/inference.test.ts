import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Observation } from '../../../src/server/service/prediction/prediction-service.js';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

const LIMITS = { bodyLimit: 2 ** 23, maxRows: 20_000 };
/** So many rows make a body that is answered in parts. */
const ROWS = Array.from({ length: 20_000 }, (_, i) => [i / 7, -i / 3, (i % 100) ** 2]);

const predict = (app: FastifyInstance, body: unknown, query = '') =>
  app.inject({
    method: 'POST',
    url: `/predict${query}`,
    headers: { 'content-type': 'application/json' },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** The rows' answers from small requests, explanations among them. */
async function piecemeal(app: FastifyInstance, query: string) {
  const all: Record<string, unknown[]> = { predictions: [], reconstruction_error: [], explanations: [] };
  for (let from = 0; from < ROWS.length; from += 1000) {
    const reply = (await predict(app, { instances: ROWS.slice(from, from + 1000) }, query)).json();
    for (const [name, list] of Object.entries(all)) list.push(...(reply[name] ?? []));
  }
  return all;
}

test('a large request has the bits of small ones, as arrays, as named rows, and as both', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], LIMITS);
  const { predictions, reconstruction_error } = await piecemeal(app, '');
  const expected = { predictions, reconstruction_error, model_version: '1' };
  const named = ROWS.map(([a, b, c]) => ({ c, a, b }));
  const answers = [
    await predict(app, { instances: ROWS }),
    await predict(app, ROWS),
    await predict(app, { instances: named }),
    await predict(app, { instances: [...ROWS.slice(0, -1), named.at(-1)] }),
  ];
  for (const answer of answers) {
    assert.equal(answer.statusCode, 200, answer.body.slice(0, 200));
    assert.deepEqual(answer.json(), expected);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  }
});

test('a large request is explained row by row as small ones are', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], LIMITS);
  const { explanations } = await piecemeal(app, '?explain=true');
  const answer = await predict(app, { instances: ROWS }, '?explain=true');
  assert.deepEqual(answer.json().explanations, explanations);
});

test('it is one prediction: one observation of all rows, and a gauge that is their mean', async (t) => {
  const { app, service } = await buildTestApp(t, ['a', 'b', 'c'], LIMITS);
  const seen: Observation[] = [];
  service.observe((observation) => seen.push(observation));
  const { reconstruction_error } = (await predict(app, { instances: ROWS })).json();
  assert.equal(seen.length, 1);
  assert.equal(seen[0]!.count, ROWS.length);
  const metrics = (await app.inject({ url: '/metrics' })).body;
  const mean = reconstruction_error.reduce((sum: number, error: number) => sum + error, 0) / ROWS.length;
  const gauge = Number(/^model_reconstruction_loss (.*)$/m.exec(metrics)![1]);
  assert.ok(Math.abs(gauge / (0.05 * mean) - 1) < 1e-6, `${gauge} and ${mean}`);
  assert.match(metrics, /^model_predictions_total 1$/m);
  assert.match(metrics, /^model_predicted_rows_total 20000$/m);
});

test('others are answered while it is computed, and a version swapped in meanwhile does not take part', async (t) => {
  const { app, service, store, loader } = await buildTestApp(t, ['a', 'b', 'c'], LIMITS);
  const before = (await predict(app, { instances: ROWS })).json();
  const next = await publishUntrained(store, ['a', 'b', 'c'], ['y'], 2);
  const former = service.serving;
  let ended = false;
  const large = predict(app, { instances: ROWS }).then((answer) => {
    ended = true;
    return answer.json();
  });
  // Held from the moment that the request is being worked at.
  while (!ended && !service.isHeld(former)) await new Promise(setImmediate);
  assert.ok(!ended, 'the request was answered in one turn');
  await loader.activate(next);
  const small = (await predict(app, { instances: [ROWS[0]] })).json();
  assert.equal(small.model_version, '2');
  assert.deepEqual(await large, before);
  assert.ok(!service.isHeld(former));
  assert.throws(() => former.predictor.predict(new Float32Array(3), 1), /closed/);
});

const BAD: [what: string, body: string, status: number, message: RegExp][] = [
  [
    'a word among the numbers',
    JSON.stringify([...ROWS.slice(1), [1, 'two', 3]]),
    400,
    /^instances\[19999\]\[1\]: .* got "two"$/,
  ],
  ['a short row', JSON.stringify([...ROWS.slice(1), [1, 2]]), 400, /^instances\[19999\]: expected 3 numbers/],
  ['text that breaks off', JSON.stringify(ROWS).slice(0, -10), 400, /^invalid JSON: /],
  ['too many rows', JSON.stringify([...ROWS, [1, 2, 3]]), 413, /at most 20000 rows, got 20001$/],
  [
    'an answer beyond float32',
    JSON.stringify([...ROWS.slice(1), [1e38, -3e38, 3e38]]),
    400,
    /^instances\[19999\]: too far/,
  ],
];
for (const [what, body, status, message] of BAD) {
  test(`${what} in a large body is an error that names the place`, async (t) => {
    const { app, service } = await buildTestApp(t, ['a', 'b', 'c'], LIMITS);
    let seen = 0;
    service.observe(() => seen++);
    const answer = await predict(app, body);
    assert.match(answer.json().error, message);
    assert.equal(answer.statusCode, status);
    assert.equal(seen, 0);
    assert.equal((await predict(app, { instances: [ROWS[0]] })).statusCode, 200);
  });
}

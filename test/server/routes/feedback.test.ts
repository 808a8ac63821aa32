import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { csvToTable } from '../../../src/model/tables/csv/csv-table.js';
import { LARGE_BODY } from '../../../src/server/bodies/large-body.js';
import { BodyReader } from '../../../src/server/inference/body-reader.js';
import { feedback, largeFeedback, postJson as post } from '../../support/feedback.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

const ROWS = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / 40]);
const TARGETS = ROWS.map(([a, b, c]) => 10 + a! + 2 * b! - c!);

/** Predicts rows with an id for their targets. */
async function predictWithId(app: FastifyInstance, instances: unknown[]): Promise<string> {
  const response = await post(app, '/predict?ids=true', { instances });
  assert.equal(response.statusCode, 200, response.body);
  return response.json().prediction_id;
}

/** The samples of `/metrics` whose names match. */
async function samples(app: FastifyInstance, pattern: RegExp): Promise<Record<string, number>> {
  const { body } = await app.inject({ url: '/metrics' });
  const lines = body.split('\n').filter((line) => pattern.test(line) && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ .*/, ''), Number(line.replace(/.* /, ''))]));
}

const live = async (app: FastifyInstance) => {
  const found = await samples(app, /^model_feedback_(rmse|mae|bias|kept|evaluated|rows)/);
  return {
    rmse: found['model_feedback_rmse{target="y"}'],
    mae: found['model_feedback_mae{target="y"}'],
    bias: found['model_feedback_bias{target="y"}'],
    kept: found['model_feedback_kept_rows'],
    evaluated: found['model_feedback_evaluated_rows'],
    total: found['model_feedback_rows_total'],
  };
};

test('arrays, named rows and ids of predictions are kept alike, and the errors are those of the predictions', async (t) => {
  const { app } = await buildTestApp(t);
  assert.deepEqual(await live(app), {
    rmse: undefined,
    mae: undefined,
    bias: undefined,
    kept: 0,
    evaluated: 0,
    total: 0,
  });
  const predictions: number[][] = (await post(app, '/predict', { instances: ROWS })).json().predictions;
  const first = await predictWithId(app, ROWS.slice(20, 30));
  const second = await predictWithId(app, ROWS.slice(30, 40));
  const bodies = [
    { instances: ROWS.slice(0, 10), targets: TARGETS.slice(0, 10) },
    { instances: ROWS.slice(10, 19).map(([a, b, c], i) => ({ c, y: TARGETS[10 + i], b, a })), target: 'y' },
    { instances: ROWS.slice(19, 20), targets: [[TARGETS[19]]] },
    { ids: [second, first], targets: [TARGETS.slice(30), TARGETS.slice(20, 30).map((y) => [y])] },
  ];
  for (const [i, rows] of [10, 19, 20, 40].entries()) {
    const response = await feedback(app, bodies[i]!);
    assert.equal(response.statusCode, 200, response.body);
    const { kept_rows, dropped, model_version } = response.json();
    assert.deepEqual({ kept_rows, dropped, model_version }, { kept_rows: rows, dropped: 0, model_version: '1' });
  }

  const residuals = predictions.map(([y], i) => y! - TARGETS[i]!);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const expected = {
    rmse: Math.sqrt(mean(residuals.map((r) => r * r))),
    mae: mean(residuals.map(Math.abs)),
    bias: mean(residuals),
  };
  const found = await live(app);
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(Math.abs(found[name as 'rmse']! - value) < 1e-5, `${name}: ${found[name as 'rmse']} for ${value}`);
  }
  assert.deepEqual([found.kept, found.evaluated, found.total], [40, 40, 40]);
});

test('feedback touches neither the drift of the traffic nor the loss of the latest pass', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 2000 });
  const rows = Array.from({ length: 1500 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]);
  const body = { instances: rows.map(([a, b, c]) => ({ a, b, c, y: a! + b! })), target: 'y' };
  assert.equal((await post(app, '/train?wait=true&epochs=3', body)).statusCode, 200);
  await post(app, '/predict', { instances: rows.slice(0, 20) });
  const observed = () =>
    samples(
      app,
      /^model_(?!feedback|age|prediction_error|interval|drift_\w+\{group="(prediction_error|interval_coverage)")/,
    );
  const report = async () => {
    const {
      feedback: given,
      prediction_error: _,
      interval_coverage: __,
      detected,
      ...rest
    } = (await app.inject({ url: '/drift' })).json();
    const byFeedback: { group: string; detected: boolean }[] = rest.groups.splice(-2);
    const groups = byFeedback.map(({ group }) => group);
    assert.deepEqual(groups, ['prediction_error', 'interval_coverage']);
    assert.equal(
      byFeedback.some((group) => group.detected),
      detected,
    );
    // The hour and the day end now.
    for (const window of rest.windows) delete window.ended_at;
    return [given, rest];
  };
  const [metrics, [none, drift]] = [await observed(), await report()];
  const unlabelled = { kept_rows: 0, evaluated_rows: 0, targets: {}, coverage: { rows: 0, targets: {} } };
  assert.deepEqual(none, unlabelled);
  const far = rows.slice(0, 900).map(([a, b, c]) => [a! + 50, b!, c!]);
  assert.equal((await feedback(app, { instances: far, targets: far.map(() => 1) })).statusCode, 200);
  assert.deepEqual(await observed(), metrics);
  const [some, after] = await report();
  assert.deepEqual(after, drift);
  assert.equal(some.kept_rows, 900);
  const { rmse, mae, bias } = await live(app);
  assert.deepEqual(some.targets, { y: { rmse, mae, bias } });
});

test('rows without a target are dropped and counted; rows without a feature only if the model allows no missing values', async (t) => {
  const body = {
    instances: [
      [1, 2, 3],
      [1, null, 3],
      [4, 5, 6],
    ],
    targets: [1, 2, null],
  };
  for (const [allowMissing, rows] of [
    [false, 1],
    [true, 2],
  ] as const) {
    const { app } = await buildTestApp(t, undefined, { allowMissing });
    const { rows: kept, dropped } = (await feedback(app, body)).json();
    assert.deepEqual({ kept, dropped }, { kept: rows, dropped: 3 - rows });
  }
});

const BAD: [what: string, payload: object, code: string, message: RegExp][] = [
  ['nothing', {}, 'INVALID_ROWS', /expected "instances" or "ids"/],
  ['rows without targets', { instances: [[1, 2, 3]] }, 'INVALID_ROWS', /either "targets"/],
  ['too few targets', { instances: [[1, 2, 3]], targets: [] }, 'INVALID_ROWS', /^targets: .* \(1\), got 0$/],
  ['a word', { instances: [[1, 'x', 3]], targets: [1] }, 'INVALID_ROWS', /^instances\[0\]\[1\]: .* got "x"$/],
  ['a word for a target', { instances: [[1, 2, 3]], targets: ['1'] }, 'INVALID_ROWS', /^targets\[0\]: .* got "1"$/],
  ['a short row', { instances: [[1, 2, 3], [1]], targets: [1, 2] }, 'INVALID_ROWS', /^instances\[1\]: .*3/],
  ['other columns', { instances: [{ a: 1, d: 2, y: 1 }], target: 'y' }, 'FEATURES_CHANGED', /"d"; feedback is of/],
  ['two targets', { instances: [[1, 2, 3]], targets: [[1, 2]] }, 'FEATURES_CHANGED', /"y0", "y1"/],
  ['only missing targets', { instances: [[1, 2, 3]], targets: [null] }, 'TOO_MANY_MISSING', /none of the 1 rows/],
  [
    'a row too far off',
    {
      instances: [
        [1, 2, 3],
        [1, 2, 3e38],
      ],
      targets: [1, 1],
    },
    'NON_FINITE_OUTPUT',
    /instances\[1\]/,
  ],
  ['an unknown key', { instances: [[1, 2, 3]], targets: [1], epochs: 3 }, 'INVALID_REQUEST', /epochs|unknown key/],
  ['an id that is not', { ids: ['x'], targets: [[1]] }, 'PREDICTION_NOT_FOUND', /^ids\[0\]: no prediction "x"/],
  ['an id twice', { ids: ['x', 'x'], targets: [[1], [1]] }, 'INVALID_ROWS', /^ids\[1\]: the same as ids\[0\]$/],
  ['ids without targets', { ids: ['x'] }, 'INVALID_ROWS', /"targets"/],
  ['too many ids', { ids: Array(1001).fill('x'), targets: [[1]] }, 'INVALID_REQUEST', /^ids: .*1000/],
  ['ids and rows', { ids: ['x'], instances: [[1]], targets: [[1]] }, 'INVALID_ROWS', /^instances: /],
  ['an id that is no text', { ids: [5], targets: [[1]] }, 'INVALID_REQUEST', /^ids\.0: /],
  [
    'a row too far off, after one that is dropped',
    {
      instances: [
        [1, 2, 3],
        [1, 2, 3],
        [3e38, 3e38, 3e38],
      ],
      targets: [null, 1, 1],
    },
    'NON_FINITE_OUTPUT',
    /^instances\[2\]: too far/,
  ],
];

test('bad feedback is refused with the place, and nothing of it is kept', async (t) => {
  const { app } = await buildTestApp(t);
  for (const [what, payload, code, message] of BAD) {
    const response = await feedback(app, payload);
    assert.equal(response.statusCode, code === 'PREDICTION_NOT_FOUND' ? 404 : 400, `${what}: ${response.body}`);
    assert.equal(response.json().code, code, what);
    assert.match(response.json().error, message, what);
  }
  const many = { instances: Array(101).fill([1, 2, 3]), targets: Array(101).fill(1) };
  assert.equal((await feedback(app, many)).json().error, 'instances: expected at most 100 rows, got 101');
  assert.equal((await feedback(app, many)).statusCode, 413);
  assert.equal((await feedback(app, { instances: [[1, 2, 3]], targets: ['x'.repeat(2 ** 20)] })).statusCode, 413);
  const text = await app.inject({
    method: 'POST',
    url: '/feedback',
    payload: '1',
    headers: { 'content-type': 'text/csv' },
  });
  assert.equal(text.statusCode, 415);
  assert.deepEqual([(await live(app)).kept, (await live(app)).total], [0, 0]);
});

test('a large body is read aside, with the same answers', async (t) => {
  const reading = [t.mock.method(BodyReader.prototype, 'feedback'), t.mock.method(BodyReader.prototype, 'answers')];
  const readings = () => reading.map(({ mock }) => mock.callCount());
  const { app } = await buildTestApp(t);
  const id = await predictWithId(app, ROWS.slice(30));
  const bodies = [
    { instances: ROWS.slice(0, 10), targets: TARGETS.slice(0, 9).concat(null as never) },
    { instances: ROWS.slice(10, 30).map(([a, b, c], i) => ({ c, y: TARGETS[10 + i], b, a })), target: 'y' },
    { ids: [id], targets: [TARGETS.slice(30)] },
  ];
  const receipts = [];
  for (const body of bodies) receipts.push((await largeFeedback(app, body)).json());
  assert.deepEqual(
    receipts.map(({ rows, dropped, kept_rows }) => [rows, dropped, kept_rows]),
    [
      [9, 1, 9],
      [20, 0, 29],
      [10, 0, 39],
    ],
  );
  assert.deepEqual(readings(), [2, 1]);
  const large = await live(app);

  const { app: other } = await buildTestApp(t);
  for (const body of [bodies[0]!, bodies[1]!, { instances: ROWS.slice(30), targets: TARGETS.slice(30) }]) {
    await feedback(other, body);
  }
  assert.deepEqual(readings(), [2, 1]);
  assert.deepEqual(large, await live(other));
});

test('a large body that is wrong is refused in the same words', async (t) => {
  const { app } = await buildTestApp(t);
  const id = await predictWithId(app, ROWS.slice(0, 3));
  const long = Array(2500).fill([1, 2, 3]);
  const payloads = [
    ...BAD.map(([, payload]) => payload),
    { ids: [id], targets: Array(2000).fill([1]) },
    { ids: [id], targets: [[1, 2, 'x']] },
    { instances: long, targets: Array(2400).fill(1) },
    { instances: long, targets: Array(2500).fill(1) },
  ];
  for (const payload of payloads) {
    const [small, large] = [await feedback(app, payload), await largeFeedback(app, payload)];
    const { request_id: _, ...refusal } = small.json();
    const { request_id: __, ...found } = large.json();
    assert.ok(small.statusCode >= 400, small.body);
    assert.deepEqual([large.statusCode, found], [small.statusCode, refusal]);
  }
  assert.deepEqual([(await live(app)).kept, (await live(app)).total], [0, 0]);
});

test('a prediction whose targets are refused still waits, and is answered once', async (t) => {
  const { app } = await buildTestApp(t);
  const id = await predictWithId(app, ROWS.slice(0, 3));
  const refused: [targets: unknown, message: RegExp][] = [
    [[1, 2], /^targets\[0\]: expected 3 numbers, got 2$/],
    [5, /^targets\[0\]: expected an array of 3 numbers, got 5$/],
    [[1, 'x', 3], /^targets\[0\]\[1\]: .* got "x"$/],
    [[1, [2, 2], 3], /^targets\[0\]\[1\]: expected 1 numbers, got 2$/],
  ];
  for (const [targets, message] of refused) {
    const response = await feedback(app, { ids: [id], targets: [targets] });
    assert.equal(response.statusCode, 400, response.body);
    assert.match(response.json().error, message);
  }
  const other = await predictWithId(app, ROWS.slice(0, 2));
  const second = await feedback(app, {
    ids: [id, other],
    targets: [
      [1, 2, 3],
      [1, ['x']],
    ],
  });
  assert.equal(second.json().error, 'targets[1][1][0]: expected a number, true, false or null, got "x"');
  const more = await feedback(app, { ids: [id], targets: [[1, 2, 3], [1]] });
  assert.deepEqual([more.statusCode, more.json().error], [400, 'targets: expected one per id (1), got 2']);
  assert.equal((await live(app)).kept, 0);
  const answers = await Promise.all([1, 2].map(() => feedback(app, { ids: [id], targets: [[1, 2, 3]] })));
  assert.deepEqual(answers.map((answer) => answer.json().results[0].status).sort(), ['repeated', 'stored']);
  assert.equal((await live(app)).kept, 3);
});

const results = (response: { json(): { results: { status: string }[] } }) =>
  response.json().results.map(({ status }) => status);

for (const [size, send] of [
  ['small', feedback],
  ['large', largeFeedback],
] as const) {
  test(`ids have a result each, and the same answer counts once (${size} body)`, async (t) => {
    const { app, store, loader } = await buildTestApp(t);
    const [one, two, three] = [
      await predictWithId(app, ROWS.slice(0, 2)),
      await predictWithId(app, ROWS.slice(2, 3)),
      await predictWithId(app, ROWS.slice(3, 4)),
    ];
    const body = { ids: ['none', one, two], targets: [[1], [1, null], [3]] };
    const first = await send(app, body);
    assert.equal(first.statusCode, 200, first.body);
    const { rows, dropped, kept_rows } = first.json();
    assert.deepEqual([rows, dropped, kept_rows], [2, 1, 2]);
    assert.deepEqual(first.json().results, [
      { id: 'none', status: 'not_found' },
      { id: one, status: 'stored' },
      { id: two, status: 'stored' },
    ]);
    const again = await send(app, { ...body, targets: [[1], [[1], [null]], 3] });
    assert.equal(again.statusCode, 200, again.body);
    assert.deepEqual(
      [again.json().rows, again.json().kept_rows, results(again)],
      [0, 2, ['not_found', 'repeated', 'repeated']],
    );
    const changed = await send(app, { ids: [three, one, two], targets: [[4], [1, 2], [3]] });
    assert.deepEqual([changed.json().rows, results(changed)], [1, ['stored', 'conflict', 'repeated']]);
    const { kept, total, evaluated } = await live(app);
    assert.deepEqual([kept, total, evaluated], [3, 3, 3]);

    const refused = await send(app, { ids: [one], targets: [[7, 8]] });
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'PREDICTION_ANSWERED']);
    assert.match(refused.json().error, /^ids\[0\]: .* other targets/);
    const unknown = await send(app, { ids: ['none', 'neither'], targets: [[1], [1]] });
    assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'PREDICTION_NOT_FOUND']);

    const waiting = await predictWithId(app, ROWS.slice(5, 6));
    await loader.activate(await publishUntrained(store, ['a', 'b'], ['y'], 3));
    const own = (await post(app, '/predict?ids=true', { instances: [[1, 2]] })).json().prediction_id;
    const mixed = await send(app, { ids: [waiting, own], targets: [[1], [1]] });
    assert.deepEqual(results(mixed), ['other_columns', 'stored']);
  });

  test(`rows with the same idempotency key count once (${size} body)`, async (t) => {
    const { app } = await buildTestApp(t);
    const white = size === 'large' ? ' '.repeat(LARGE_BODY) : '';
    const ask = (key: string, body: object) => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      return app.inject({ method: 'POST', url: '/feedback', headers, payload: JSON.stringify(body) + white });
    };
    const body = { instances: ROWS.slice(0, 3), targets: [1, null, 3] };
    const [first, twin] = await Promise.all([ask('a', body), ask('a', body)]);
    assert.deepEqual([first!.statusCode, twin!.statusCode], [200, 200], twin!.body);
    assert.deepEqual(first!.json(), twin!.json());
    await ask('b', { instances: ROWS.slice(3, 5), targets: [1, 2] });
    const again = await ask('a', body);
    assert.deepEqual(again.json(), { rows: 2, dropped: 1, kept_rows: 2, model_version: '1' });
    assert.equal(again.headers['idempotent-replayed'], 'true');
    const marked = [first!, twin!].filter(({ headers }) => headers['idempotent-replayed'] === 'true');
    assert.equal(marked.length, 1);
    const reused = await ask('a', { ...body, targets: [1, 2, 3] });
    assert.deepEqual([reused.statusCode, reused.json().code], [422, 'IDEMPOTENCY_KEY_REUSED']);
    const { kept, total } = await live(app);
    assert.deepEqual([kept, total], [4, 4]);
    // What was refused is not remembered.
    assert.equal((await ask('c', { instances: [[1]], targets: [1] })).statusCode, 400);
    assert.equal((await ask('c', body)).json().rows, 2);
    const long = await ask('k'.repeat(256), body);
    assert.deepEqual([long.statusCode, long.json().code], [400, 'INVALID_REQUEST']);
    assert.match(long.json().error, /^idempotency-key: .*255/);
  });
}

test('a large prediction gives an id as well', async (t) => {
  const { app } = await buildTestApp(t, undefined, { maxRows: 20_000, bodyLimit: 2 ** 24 }, {});
  const rows = Array.from({ length: 900 }, (_, i) => [Math.sin(i), Math.cos(i), i / 900]);
  // White space makes it large.
  const payload = JSON.stringify({ instances: rows }).replaceAll('],', `],${' '.repeat(200)}`);
  const headers = { 'content-type': 'application/json' };
  const response = await app.inject({ method: 'POST', url: '/predict?ids=true&explain=false', payload, headers });
  const { prediction_id, predictions } = response.json();
  assert.equal(predictions.length, 900);
  assert.equal((await feedback(app, { ids: [prediction_id], targets: [predictions] })).json().rows, 900);
  assert.ok((await live(app)).rmse! < 1e-5);
  const plain = await app.inject({ method: 'POST', url: '/predict', payload, headers });
  assert.deepEqual(plain.json().predictions, predictions);
});

test('a training on feedback uses its rows, and on request those of the reference', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'reference.csv');
  const reference = { TRAIN_DATA: path, TRAIN_TARGET: 'y' };
  const { app } = await buildTestApp(t, undefined, {}, reference);
  const train = (payload: object) => post(app, '/train?wait=true&epochs=2', payload);
  const none = await train({ source: 'feedback' });
  assert.equal(none.statusCode, 400);
  assert.equal(none.json().code, 'TOO_FEW_ROWS');

  await feedback(app, { instances: ROWS, targets: TARGETS });
  const alone = await train({ source: 'feedback', seed: 3 });
  assert.equal(alone.statusCode, 200, alone.body);
  assert.deepEqual([alone.json().rows, alone.json().options.seed], [40, 3]);
  const fingerprint = async () => (await app.inject({ url: '/model' })).json().data.fingerprint;
  const own = await fingerprint();
  await train({ instances: ROWS.map((row) => row.map(Math.fround)), targets: TARGETS });
  assert.equal(await fingerprint(), own, 'the same rows in the same order');

  const mixed = { source: 'feedback', mix_reference: true };
  const unreadable = await train(mixed);
  assert.equal(unreadable.statusCode, 503);
  assert.match(unreadable.json().error, /the reference cannot be read/);
  await writeFile(path, `y,a,b,d\n${'1,2,3,4\n'.repeat(20)}`);
  assert.match((await train(mixed)).json().error, /"d"; the reference cannot be mixed in/);
  await writeFile(path, `y,c,a,b\n${'1,2,3,4\n'.repeat(20)}1,,3,4\n`);
  const both = await train(mixed);
  // A gap in a feature is a value of its own.
  assert.deepEqual([both.json().rows, both.json().dropped], [61, 0]);

  const refused: [payload: object, message: RegExp][] = [
    [{ source: 'other' }, /^source: /],
    [{ ...mixed, instances: ROWS }, /^instances: expected no rows together/],
    [{ ...mixed, target: 'y' }, /^target: expected no rows together/],
    [{ instances: ROWS, targets: TARGETS, mix_reference: true }, /^mix_reference: /],
    [{ ...mixed, reference: '/etc/passwd' }, /unknown key/],
    [{}, /expected "instances" or "source": "feedback"/],
  ];
  for (const [payload, message] of refused) {
    const response = await train(payload);
    assert.equal(response.statusCode, 400, response.body);
    assert.match(response.json().error, message);
  }
});

test('a reference is not read in the process that serves', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'reference.csv');
  await writeFile(path, `y,a,b,c\n${'0.1234,12.25,-3.125,4e3\n5.4321,1.5,2.25,-1e3\n'.repeat(150_000)}`);
  const { app, jobs } = await buildTestApp(t, undefined, {}, { TRAIN_DATA: path, TRAIN_TARGET: 'y' });
  await feedback(app, { instances: ROWS, targets: TARGETS });
  const cpuTime = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const here = await cpuTime(() => csvToTable(createReadStream(path), join(directory, 'table'), ['y']));
  const own = await cpuTime(async () => {
    const { statusCode, body } = await post(app, '/train?epochs=1', { source: 'feedback', mix_reference: true });
    assert.equal(statusCode, 202, body);
    assert.equal(JSON.parse(body).rows, 300_040);
  });
  await jobs.close();
  assert.ok(own < here / 2, `${own} µs of this process, where reading takes ${here}`);
});

test('a new version is judged by what comes after it, and one of other columns has rows of its own', async (t) => {
  const { app, store, loader } = await buildTestApp(t);
  const id = await predictWithId(app, ROWS.slice(0, 1));
  await feedback(app, { instances: ROWS, targets: TARGETS });
  await loader.activate(await publishUntrained(store, ['a', 'b', 'c'], ['y'], 2));
  // The scrape that begins to read what was kept does not wait for it.
  await live(app);
  await feedback(app, { instances: ROWS.slice(0, 5), targets: TARGETS.slice(0, 5) });
  const second = await live(app);
  assert.deepEqual([second.kept, second.evaluated, second.total], [45, 5, 45]);

  await loader.activate(await publishUntrained(store, ['a', 'b'], ['y'], 3));
  const other = await feedback(app, { instances: [[1, 2]], targets: [3] });
  assert.equal(other.json().kept_rows, 1);
  const early = await feedback(app, { ids: [id], targets: [[1]] });
  assert.equal(early.json().code, 'FEATURES_CHANGED');
  assert.match(early.json().error, /ids\[0\] was predicted by a model with those columns/);
  await loader.activate(await publishUntrained(store, ['b', 'a', 'c'], ['y'], 3));
  const swapped = await feedback(app, { ids: [id], targets: [[1]] });
  assert.match(swapped.json().error, /from "b", "a", "c", but these rows have "y" from "a", "b", "c"; ids\[0\]/);
  await loader.activate(3);
  assert.equal((await post(app, '/train', { source: 'feedback' })).json().rows, 1);

  await loader.activate(1);
  const answered = await feedback(app, { ids: [id], targets: [[1]] });
  assert.equal(answered.json().kept_rows, 46, 'the prediction has waited');
  assert.equal((await live(app)).evaluated, 41, 'and version 1 is judged by its own rows again');
});

test('what was kept is there after a restart, for the errors as well', async (t) => {
  const directory = temporaryDirectory(t);
  const open = (context: TestContext) => buildTestApp(context, undefined, {}, { FEEDBACK_STORE: directory });
  let before: Awaited<ReturnType<typeof live>> | undefined;
  let card: string | undefined;
  await t.test('before', async (context) => {
    const { app } = await open(context);
    await feedback(app, { instances: ROWS, targets: TARGETS });
    before = await live(app);
    card = (await app.inject({ url: '/model' })).json().checksum;
  });
  const { app, feedback: parts, service } = await open(t);
  // Another card, as its time is another: the rows are there, and judge another model.
  assert.notEqual(service.serving.card.checksum, card);
  assert.deepEqual(await parts.current(), { kept_rows: 40, evaluated_rows: 0, targets: {}, coverage: null });
  assert.equal(before?.evaluated, 40);
  assert.equal((await live(app)).kept, 40);
});

test('while feedback cannot be kept, predictions go on without an id', async (t) => {
  const file = join(temporaryDirectory(t), 'file');
  await writeFile(file, '');
  const { app, logged } = await buildTestApp(t, undefined, {}, { FEEDBACK_STORE: join(file, 'feedback') });
  const response = await feedback(app, { instances: ROWS, targets: TARGETS });
  assert.equal(response.statusCode, 503);
  assert.equal(response.json().code, 'FEEDBACK_UNAVAILABLE');
  assert.match(response.json().error, /cannot be stored or read: its file cannot be opened/);
  assert.equal((await post(app, '/train', { source: 'feedback' })).statusCode, 400);
  for (let i = 0; i < 4; i++) assert.equal(await predictWithId(app, ROWS), null);
  assert.equal((await post(app, '/predict', { instances: ROWS })).statusCode, 200);
  assert.equal((await live(app)).total, 0);
  const failures = logged.filter(({ msg }) => msg === 'feedback failed').map(({ failures: n }) => n);
  assert.deepEqual(failures, [1, 2, 4]);
  assert.ok((await samples(app, /^model_feedback_failures/))['model_feedback_failures_total']! >= 5);
});

test('without a model there is no feedback', async (t) => {
  const { app } = await buildTestApp(t, []);
  assert.equal((await feedback(app, { instances: ROWS, targets: TARGETS })).statusCode, 503);
  assert.equal((await post(app, '/train', { source: 'feedback' })).statusCode, 503);
});

test('a read-only service keeps no rows: it gives no ids, and says so', async (t) => {
  const { app, feedback } = await buildTestApp(t, ['a', 'b'], { readOnly: true });
  const ask = (query: string) =>
    app.inject({ method: 'POST', url: `/predict${query}`, payload: { instances: [[1, 2]] } });
  assert.equal((await ask('?ids=false')).statusCode, 200);
  const refused = await ask('?ids=true');
  assert.deepEqual([refused.statusCode, refused.json().code], [400, 'INVALID_QUERY']);
  assert.match(refused.json().error, /^ids: .*read-only/);
  assert.equal(feedback.rows, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

const ROW = [0.5, -1, 2];
const NAMED = { a: 0.5, b: -1, c: 2 };
const JSON_TYPE = 'application/json';
const CSV_TYPE = 'text/csv';
const LINES = 'application/jsonlines';
const TENSORFLOW = { 'x-amzn-sagemaker-custom-attributes': 'tfs-model-name=test' };

type Form = [about: string, type: string, body: string, headers?: Record<string, string>];

/** One row or two equal ones, as clients of the original servers write them. */
const INVOCATIONS: readonly Form[] = [
  ['a row alone', JSON_TYPE, '[0.5, -1, 2]'],
  ['rows alone', JSON_TYPE, ' [[0.5, -1, 2], [0.5, -1, 2]]'],
  ['named rows alone', JSON_TYPE, JSON.stringify([NAMED])],
  ['rows as `features`', JSON_TYPE, JSON.stringify({ instances: [{ features: ROW }] })],
  ['rows as values of `features`', JSON_TYPE, JSON.stringify({ instances: [{ data: { features: { values: ROW } } }] })],
  ['null for what is optional', JSON_TYPE, JSON.stringify({ instances: [ROW], params: null })],
  ['other columns', JSON_TYPE, JSON.stringify({ dataframe_records: [{ ...NAMED, d: 'x' }], params: null })],
  ['columns of scalars', JSON_TYPE, JSON.stringify({ inputs: NAMED })],
  ['columns of scalars and of arrays of one', JSON_TYPE, JSON.stringify({ inputs: { ...NAMED, b: [-1] } })],
  ['ASCII', `${JSON_TYPE}; charset=us-ascii`, JSON.stringify({ instances: [ROW] })],
  ['a type that ends with a semicolon', `${CSV_TYPE};`, '0.5,-1,2\n'],
  ['no labels', `${CSV_TYPE}; label_size=0`, '0.5,-1,2\n'],
  ['a numbered header', CSV_TYPE, '0,1,2\n0.5,-1,2\n'],
  ['lines of `features`', LINES, `${JSON.stringify({ features: ROW })}\n${JSON.stringify({ features: ROW })}\n`],
  ['TensorFlow: CSV', CSV_TYPE, '0.5,-1,2\n', TENSORFLOW],
  ['TensorFlow: JSON Lines', LINES, '[0.5,-1,2]\n[0.5,-1,2]\n', TENSORFLOW],
  ['TensorFlow: JSON Lines as JSON', JSON_TYPE, '[0.5,-1,2]\n[0.5,-1,2]\n', TENSORFLOW],
  ['TensorFlow: a row alone', JSON_TYPE, '[0.5,-1,2]', TENSORFLOW],
  ['TensorFlow: a named row alone', JSON_TYPE, JSON.stringify(NAMED), TENSORFLOW],
  ['TensorFlow: rows alone', JSON_TYPE, '[[0.5,-1,2]]', TENSORFLOW],
  ['TensorFlow: its own form', JSON_TYPE, JSON.stringify({ instances: [ROW] }), TENSORFLOW],
];

const predictionOf = async (app: Awaited<ReturnType<typeof buildTestApp>>['app']) =>
  (await app.inject({ method: 'POST', url: '/predict', payload: { instances: [ROW] } })).json().predictions[0];

test('/invocations reads what the servers read that it stands for', async (t) => {
  const { app } = await buildTestApp(t);
  const expected = await predictionOf(app);
  for (const [about, type, payload, more = {}] of INVOCATIONS) {
    const headers = { 'content-type': type, accept: JSON_TYPE, ...more };
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/invocations', headers, payload });
    assert.equal(statusCode, 200, `${about}: ${body}`);
    const { predictions } = JSON.parse(body);
    for (const prediction of predictions) assert.deepEqual([prediction].flat(), expected, about);
  }
});

test('TensorFlow Serving reads scalars and arrays of one as named values', async (t) => {
  const { app } = await buildTestApp(t);
  const expected = await predictionOf(app);
  const bodies = [
    { inputs: NAMED },
    { inputs: { a: [0.5], b: -1, c: [[2]] } },
    { instances: [{ a: [0.5], b: -1, c: [2] }] },
  ];
  for (const payload of bodies) {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/v1/models/test:predict', payload });
    assert.equal(statusCode, 200, body);
    const { outputs, predictions } = JSON.parse(body);
    assert.deepEqual([(outputs ?? predictions)[0]].flat(), expected);
  }
});

test('the values of a single feature are rows', async (t) => {
  const { app } = await buildTestApp(t, ['a']);
  for (const [url, payload] of [
    ['/invocations', { instances: [1, 2, 3] }],
    ['/invocations', { inputs: [1, 2, 3] }],
    ['/invocations', [1, 2, 3]],
    ['/v1/models/test:predict', { instances: [1, 2, 3] }],
  ] as const) {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload: payload as object });
    assert.equal(statusCode, 200, body);
    assert.equal(JSON.parse(body).predictions.length, 3);
  }
});

test('one odd cell does not make a header of a row: it is named', async (t) => {
  const { app } = await buildTestApp(t);
  const headers = { 'content-type': CSV_TYPE };
  const { statusCode, body } = await app.inject({
    method: 'POST',
    url: '/invocations',
    headers,
    payload: '1,n.b.,3\n1,2,3\n',
  });
  assert.equal(statusCode, 400);
  assert.match(body, /line 1, column 2: expected a finite number as \\"b\\", got \\"n\.b\.\\"/);
  const renamed = await app.inject({ method: 'POST', url: '/invocations', headers, payload: 'x,y,z\n1,2,3\n' });
  assert.match(renamed.body, /header: missing/);
});

test('what is broken in a body is named by its position', async (t) => {
  const { app } = await buildTestApp(t);
  const headers = { 'content-type': JSON_TYPE };
  const payload = '{"instances": [[1, 2, 3], [1, two, 3]]}';
  for (const [url, place] of [
    ['/predict', 'position 31'],
    ['/v1/models/test:predict', 'offset: 31'],
  ] as const) {
    const { body } = await app.inject({ method: 'POST', url, headers, payload });
    assert.ok(body.includes(place), body);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

const post = (payload: string, type = 'application/json') => ({
  method: 'POST' as const,
  url: '/predict',
  headers: { 'content-type': type },
  payload,
});

test('answers arrays and named rows alike, whatever the order of the names', async (t) => {
  const { app } = await buildTestApp(t);
  const arrays = await app.inject(post('{"instances": [[1, 2, 3], [4, 5, 6]]}'));
  assert.equal(arrays.statusCode, 200);
  const body = arrays.json();
  assert.equal(body.predictions.length, 2);
  assert.equal(body.predictions[0].length, 1);
  assert.equal(body.reconstruction_error.length, 2);
  assert.equal(body.model_version, '1');
  assert.notEqual(body.predictions[0][0], body.predictions[1][0]);

  const named = await app.inject(post('{"instances": [{"c": 3, "a": 1, "b": 2}, {"b": 5, "a": 4, "c": 6}]}'));
  assert.deepEqual(named.json(), body);
  const bare = await app.inject(post('[{"c": 3, "a": 1, "b": 2}, {"b": 5, "a": 4, "c": 6}]'));
  assert.deepEqual(bare.json(), body);
});

test('one row gives the same bits alone and among others', async (t) => {
  const { app } = await buildTestApp(t);
  const rows = Array.from({ length: 100 }, (_, i) => [i, -i / 3, i * i]);
  const together = (await app.inject(post(JSON.stringify({ instances: rows })))).json();
  for (const i of [0, 7, 8, 63, 64, 99]) {
    const alone = (await app.inject(post(JSON.stringify({ instances: [rows[i]] })))).json();
    assert.equal(alone.predictions[0][0], together.predictions[i][0]);
    assert.equal(alone.reconstruction_error[0], together.reconstruction_error[i]);
  }
});

const CORRUPTIONS: [what: string, body: string, message: RegExp][] = [
  ['null', '{"instances": [[1, null, 3]]}', /^instances\[0\]\[1\]: expected a finite number, got null$/],
  [
    'a numeric string',
    '{"instances": [[1, 2, 3], [1, 2, "3"]]}',
    /^instances\[1\]\[2\]: expected a finite number, got "3"$/,
  ],
  ['a boolean', '{"instances": [[true, 2, 3]]}', /^instances\[0\]\[0\]: expected a finite number, got true$/],
  ['a number beyond float64', '{"instances": [[1e999, 2, 3]]}', /^instances\[0\]\[0\]: .* got Infinity$/],
  ['a number beyond float32', '{"instances": [[1, 2, -1e39]]}', /^instances\[0\]\[2\]: .* got -1e\+39$/],
  ['an array as a number', '{"instances": [[1, 2, [3]]]}', /^instances\[0\]\[2\]: .* got \[3\]$/],
  ['a short row', '{"instances": [[1, 2]]}', /^instances\[0\]: expected 3 numbers \("a", "b", "c"\), got 2$/],
  ['a long row', '{"instances": [[1, 2, 3, 4]]}', /^instances\[0\]: expected 3 numbers .* got 4$/],
  ['a row that is a number', '{"instances": [1, 2, 3]}', /^instances\[0\]: expected an array of numbers or an object/],
  ['a row that is null', '{"instances": [null]}', /^instances\[0\]: .* got null$/],
  ['a missing feature', '{"instances": [{"a": 1, "c": 3}]}', /^instances\[0\]: feature "b" is missing$/],
  ['an inherited name', '{"instances": [{"toString": 1, "b": 2, "c": 3}]}', /^instances\[0\]: feature "a" is missing$/],
  ['a named null', '{"instances": [{"a": null, "b": 2, "c": 3}]}', /^instances\[0\]\["a"\]: .* got null$/],
  ['an empty batch', '{"instances": []}', /^instances: expected at least one row/],
  ['no instances', '{}', /^instances: expected an array of rows, got nothing$/],
  ['instances that are an object', '{"instances": {"a": 1}}', /^instances: expected an array of rows, got \{"a":1\}$/],
  ['an extra key', '{"instances": [[1, 2, 3]], "parameters": {}}', /^body: unknown key "parameters"/],
  ['NaN', '{"instances": [[NaN, 2, 3]]}', /^instances\[0\]\[0\]: expected a finite number, got "NaN"$/],
  ['truncated JSON', '{"instances": [[1, 2', /^invalid JSON: /],
  ['a body of spaces', ' ', /JSON/],
  ['a prototype', '{"instances": [[1, 2, 3]], "__proto__": {}}', /^body: unknown key "__proto__"/],
  ['a string', '"rows"', /^body: expected/],
];

for (const [what, body, message] of CORRUPTIONS) {
  test(`${what} is a 400 that names the place`, async (t) => {
    const { app } = await buildTestApp(t);
    const response = await app.inject(post(body));
    assert.equal(response.statusCode, 400, response.body);
    const { error, code, request_id, ...rest } = response.json();
    assert.match(error, message);
    assert.match(code, /^[A-Z_]+$/);
    assert.equal(request_id, response.headers['x-request-id']);
    assert.deepEqual(rest, {});
  });
}

test('an empty body is a 400', async (t) => {
  const { app } = await buildTestApp(t);
  const response = await app.inject({ method: 'POST', url: '/predict' });
  assert.equal(response.statusCode, 400);
  assert.match(response.json().error, /^body: expected \{"instances": \[\.\.\.\]\}, got nothing$/);
});

test('a row that no finite float32 can answer is a 400 and not a null', async (t) => {
  const { app } = await buildTestApp(t);
  const response = await app.inject(post('{"instances": [[1, 2, 3], [3e38, 3e38, 3e38]]}'));
  assert.equal(response.statusCode, 400, response.body);
  assert.equal(response.json().code, 'NON_FINITE_OUTPUT');
  assert.match(response.json().error, /^instances\[1\]: too far/);
});

test('more rows or bytes than allowed are a 413', async (t) => {
  const { app } = await buildTestApp(t, ['a'], { maxRows: 2, bodyLimit: 1024 });
  const rows = await app.inject(post('{"instances": [[1], [2], [3]]}'));
  assert.equal(rows.statusCode, 413);
  assert.match(rows.json().error, /^instances: expected at most 2 rows, got 3$/);
  const bytes = await app.inject(post(`{"instances": [[${'1'.repeat(2000)}]]}`));
  assert.equal(bytes.statusCode, 413);
  assert.equal(bytes.json().code, 'TOO_LARGE');
});

test('an unknown content type is a 415', async (t) => {
  const { app } = await buildTestApp(t);
  for (const type of ['text/plain', 'application/xml', 'application/vnd.apache.avro', 'nonsense']) {
    const response = await app.inject(post('1,2,3', type));
    assert.equal(response.statusCode, 415, type);
    assert.equal(response.json().code, 'UNSUPPORTED_MEDIA_TYPE');
  }
});

test('without a model it is a 503 with the reason', async (t) => {
  const { app, service } = await buildTestApp(t, []);
  service.explainNotReady('training the first model');
  const response = await app.inject(post('{"instances": [[1]]}'));
  assert.equal(response.statusCode, 503);
  assert.equal(response.json().error, 'training the first model');
  assert.equal(response.json().code, 'NOT_READY');
});

test('an observer that throws is counted and logged, and the client notices nothing', async (t) => {
  const { app, service, logged } = await buildTestApp(t);
  service.observe(() => {
    throw new Error('observer broke');
  });
  const response = await app.inject(post('{"instances": [[1, 2, 3]]}'));
  assert.equal(response.statusCode, 200);
  const { body } = await app.inject({ url: '/metrics' });
  assert.match(body, /^model_observer_errors_total 1$/m);
  assert.ok(logged.some(({ err }) => (err as Error | undefined)?.message === 'observer broke'));
});

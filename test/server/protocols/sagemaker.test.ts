import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';
import { testGolden } from './golden.js';

testGolden('sagemaker');

test('a model of thousands of targets is answered in CSV and JSON Lines with every number that JSON has', async (t) => {
  const { app, store, loader } = await buildTestApp(t, []);
  const targets = Array.from({ length: 5000 }, (_, j) => `y${j}`);
  await loader.activate(await publishUntrained(store, ['a', 'b'], targets));
  const ask = (accept: string) =>
    app.inject({
      method: 'POST',
      url: '/invocations',
      payload: {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      headers: { accept },
    });

  const { predictions } = (await ask('application/json')).json<{ predictions: number[][] }>();
  const lines = (await ask('application/jsonlines')).payload.trimEnd().split('\n');
  const csv = (await ask('text/csv')).payload.trimEnd().split('\n');

  assert.deepEqual(
    predictions.map(({ length }) => length),
    [5000, 5000],
  );
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    predictions,
  );
  assert.deepEqual(
    csv.map((line) => line.split(',').map(Number)),
    predictions,
  );
});

test('a single line is read to the same bits as the rows of POST /predict, and refused as any other', async (t) => {
  const { app } = await buildTestApp(t);
  const row = [0.1, -123456.78901234567, 3e-40];
  const lines = (payload: string) =>
    app.inject({ method: 'POST', url: '/invocations', payload, headers: { 'content-type': 'application/jsonlines' } });
  const native = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [row] } });
  const expected = `${JSON.stringify(native.json().predictions[0])}\n`;
  for (const end of ['', '\n', '\r\n']) {
    assert.equal((await lines(JSON.stringify(row) + end)).payload, expected, JSON.stringify(end));
  }
  for (const [body, message] of [
    ['[1, 2, 3] 4', /lines\[0\]: expected a row in JSON/],
    ['[1, 2, 3', /lines\[0\]: expected a row in JSON/],
    ['[1, 2]\n', /lines\[0\]: expected 3 numbers/],
    ['[1, 2, 3]\n\n', /lines\[1\]/],
  ] as const) {
    const reply = await lines(body);
    assert.equal(reply.statusCode, 400);
    assert.match(reply.payload, message);
  }
});

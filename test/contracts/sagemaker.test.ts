import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp, publishUntrained } from '../server/test-app.js';
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';
import { buildGoldenApp, testGolden } from './golden.js';

testGolden('tensorflow-serving');

test('with FLATTEN the predictions of one target are numbers, at /invocations as well', async (t) => {
  const { app } = await buildGoldenApp(t, { flatten: true });
  const [instances, inputs] = [{ instances: [[1, 3, 5]] }, { inputs: [[1, 3, 5]] }];
  const attributes = { 'x-amzn-sagemaker-custom-attributes': 'tfs-model-name=test' };
  for (const [url, headers] of [
    ['/v1/models/test:predict', {}],
    ['/invocations', attributes],
  ] as const) {
    const rows = await app.inject({ method: 'POST', url, headers, payload: instances });
    assert.deepEqual(rows.json(), { predictions: [22] }, url);
    const columns = await app.inject({ method: 'POST', url, headers, payload: inputs });
    assert.deepEqual(columns.json(), { outputs: [22] }, url);
  }
  // It is TensorFlow Serving's alone.
  const mlflow = await app.inject({ method: 'POST', url: '/invocations', payload: instances });
  assert.deepEqual(mlflow.json(), { predictions: [[22]] });
});

test('regress of a model with two targets is refused before anything is predicted', async (t) => {
  const { app, service, store, loader } = await buildTestApp(t, []);
  await loader.activate(await publishUntrained(store, ['a', 'b', 'c'], ['y', 'z']));
  let observed = 0;
  service.observe(() => observed++);
  const payload = { examples: [{ a: 1, b: 2, c: 3 }] };
  for (const [url, headers] of [
    ['/v1/models/test:regress', {}],
    ['/invocations', { 'x-amzn-sagemaker-custom-attributes': 'tfs-method=regress' }],
  ] as const) {
    const response = await app.inject({ method: 'POST', url, headers, payload });
    assert.equal(response.statusCode, 400);
    assert.match(response.json().error, /^regress: the model has 2 targets/);
  }
  assert.equal(observed, 0);
});

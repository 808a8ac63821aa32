import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { assertClose } from '../../support/close-to.js';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

const SCORES = Array.from({ length: 19 }, (_, i) => (i + 1) / 10);
const ROWS = [
  [1, 2, 3],
  [4, 5, 6],
];

async function serve(t: TestContext, targets = ['y', 'z']) {
  const served = await buildTestApp(t, ['a', 'b', 'c'], {
    vertex: { predict: '/vertex', health: '/vertex-health' },
  });
  const intervals = {
    schema: 1,
    rows: 19,
    targets: targets.map(() => ({ difficulty: null, scores: SCORES })),
  } as const;
  const version = await publishUntrained(served.store, ['a', 'b', 'c'], targets, 2, null, {
    hidden: [30, 30],
    intervals: { ...intervals, targets: [...intervals.targets] },
  });
  await served.loader.activate(version);
  return served;
}

const post = (app: FastifyInstance, url: string, payload: object | string | Buffer, headers = {}) =>
  app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...headers } });

/** The same predictions and bounds in the native interface: `[value, low, high]` of each target and row. */
async function expected(app: FastifyInstance): Promise<number[][][]> {
  const { predictions, intervals } = (await post(app, '/predict?interval=0.9', { instances: ROWS })).json();
  return predictions.map((row: number[], i: number) => row.map((value, j) => [value, ...intervals[i][j]]));
}

const record = ([y, z]: number[][]) => ({
  y: y![0],
  y_low: y![1],
  y_high: y![2],
  z: z![0],
  z_low: z![1],
  z_high: z![2],
});

test('Open Inference: two more outputs for each target, in the JSON or as bytes', async (t) => {
  const { app } = await serve(t);
  const rows = await expected(app);
  const inputs = [{ name: 'inputs', datatype: 'FP32', shape: [2, 3], data: ROWS.flat() }];
  const plain = (await post(app, '/v2/models/test/infer', { inputs })).json();
  for (const interval of [0.9, '0.9']) {
    const { outputs, ...rest } = (
      await post(app, '/v2/models/test/infer', { inputs, parameters: { interval } })
    ).json();
    assert.deepEqual({ ...rest, outputs: outputs.slice(0, 1) }, plain);
    assert.deepEqual(
      outputs.slice(1),
      ['y_low', 'y_high', 'z_low', 'z_high'].map((name, k) => ({
        name,
        shape: [2],
        datatype: 'FP32',
        data: rows.map((row) => row[k >> 1]![1 + (k & 1)]),
      })),
    );
  }
  const outputs = [{ name: 'predictions', parameters: { binary_data: true } }];
  const answer = await post(app, '/v2/models/test/infer', { inputs, outputs, parameters: { interval: 0.9 } });
  const length = Number(answer.headers['inference-header-content-length']);
  const head = JSON.parse(answer.rawPayload.subarray(0, length).toString());
  assert.deepEqual(
    head.outputs.map(({ name, parameters }: { name: string; parameters: object }) => [name, parameters]),
    [
      ['predictions', { binary_data_size: 16 }],
      ...['y_low', 'y_high', 'z_low', 'z_high'].map((name) => [name, { binary_data_size: 8 }]),
    ],
  );
  const blob = answer.rawPayload.subarray(length);
  assertClose(
    [blob.readFloatLE(16), blob.readFloatLE(20)],
    rows.map((row) => row[0]![1]!),
    1e-6,
  );
});

test('TensorFlow Serving, KServe V1, Vertex AI and MLflow: named values in place of each prediction', async (t) => {
  const { app } = await serve(t);
  const records = (await expected(app)).map(record);
  const parameters = { interval: 0.9, other: 'ignored' };
  for (const [url, body] of [
    ['/v1/models/test:predict', { instances: ROWS, parameters }],
    ['/vertex', { instances: ROWS, parameters }],
    ['/invocations', { instances: ROWS, params: parameters }],
    ['/invocations', { dataframe_split: { columns: ['a', 'b', 'c'], data: ROWS }, params: parameters }],
  ] as const) {
    const answer = await post(app, url, body);
    assert.deepEqual(answer.json(), { predictions: records }, `${url}: ${answer.body}`);
  }
  const columnar = (await post(app, '/v1/models/test:predict', { inputs: ROWS, parameters })).json();
  const names = Object.keys(records[0]!) as (keyof (typeof records)[0])[];
  assert.deepEqual(columnar, {
    outputs: Object.fromEntries(names.map((name) => [name, records.map((each) => each[name])])),
  });
});

test('SageMaker: an attribute asks for intervals of any form of rows, which follow the predictions of a row', async (t) => {
  const { app } = await serve(t);
  const rows = (await expected(app)).map(([y, z]) => [y![0]!, z![0]!, y![1]!, y![2]!, z![1]!, z![2]!]);
  const attributes = { 'x-amzn-sagemaker-custom-attributes': 'trace=1,interval=0.9' };
  const csv = await post(app, '/invocations', '1,2,3\n4,5,6\n', {
    'content-type': 'text/csv',
    accept: 'text/csv',
    ...attributes,
  });
  assert.deepEqual(
    csv.body
      .trim()
      .split('\n')
      .map((line) => line.split(',').map(Number)),
    rows,
  );
  const lines = await post(app, '/invocations', '[1,2,3]\n[4,5,6]\n', {
    'content-type': 'application/jsonlines',
    ...attributes,
  });
  assert.deepEqual(
    lines.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    rows,
  );
  const numpy = await post(app, '/invocations', { instances: ROWS }, { accept: 'application/x-npy', ...attributes });
  assert.match(numpy.body, /'shape': \(2, 6\)/);
  const floats = numpy.rawPayload.subarray(-48);
  assertClose(
    Array.from({ length: 12 }, (_, i) => floats.readFloatLE(4 * i)),
    rows.flat(),
    1e-5,
  );
  const tensorflow = await post(
    app,
    '/invocations',
    { instances: ROWS },
    {
      'x-amzn-sagemaker-custom-attributes': 'tfs-model-name=test,interval=0.9',
    },
  );
  assert.deepEqual(tensorflow.json(), { predictions: (await expected(app)).map(record) });
});

test('a level that is none is refused with the place, and one that takes more rows with their number', async (t) => {
  const { app } = await serve(t);
  const inputs = [{ name: 'inputs', datatype: 'FP32', shape: [2, 3], data: ROWS.flat() }];
  const requests = (interval: unknown): [string, string, object, object?][] => [
    ['/v2/models/test/infer', 'parameters', { inputs, parameters: { interval } }],
    ['/v1/models/test:predict', 'parameters', { instances: ROWS, parameters: { interval } }],
    ['/vertex', 'parameters', { instances: ROWS, parameters: { interval } }],
    ['/invocations', 'params', { instances: ROWS, params: { interval } }],
  ];
  for (const level of [1, 0.49, 'abc', true, [0.9], {}, '']) {
    for (const [url, place, body] of requests(level)) {
      const answer = await post(app, url, body);
      assert.equal(answer.statusCode, 400, `${url}, ${level}: ${answer.body}`);
      assert.ok(answer.body.includes(`${place}.interval: expected a level from 0.5 to 0.99, got `), answer.body);
    }
  }
  for (const [url, , body] of requests(0.99)) {
    const answer = await post(app, url, body);
    assert.equal(answer.statusCode, 422, `${url}: ${answer.body}`);
    assert.match(answer.body, /interval 0\.99 needs at least 99 calibration rows, this version has 19/);
  }
  for (const [url, , body] of requests(null)) assert.equal((await post(app, url, body)).statusCode, 200, url);
});

test('names of targets are escaped, and taken ones avoided', async (t) => {
  const { app } = await serve(t, ['a "y"', 'a "y"_low']);
  const answer = await post(app, '/v1/models/test:predict', { instances: ROWS, parameters: { interval: 0.5 } });
  assert.deepEqual(Object.keys(answer.json().predictions[0]), [
    ...['a "y"', 'a "y"_low_2', 'a "y"_high', 'a "y"_low', 'a "y"_low_low', 'a "y"_low_high'],
  ]);
});

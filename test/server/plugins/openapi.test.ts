import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMixedApp, MIXED_FEATURES } from '../../support/mixed-app.js';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

test("the document carries the loaded model's feature names, and follows a swap", async (t) => {
  const { app, store, loader } = await buildTestApp(t, ['alpha', 'beta']);
  const schemas = async () => (await app.inject({ url: '/openapi.json' })).json().components.schemas;
  const { PredictBody, Row, RowValues } = await schemas();
  assert.deepEqual(PredictBody.properties.instances.items.anyOf, [
    { $ref: '#/components/schemas/RowValues' },
    { $ref: '#/components/schemas/Row' },
  ]);
  const order = { description: 'in this order: alpha, beta', minItems: 2, maxItems: 2 };
  assert.deepEqual(RowValues, { type: 'array', items: { type: 'number' }, ...order });
  assert.deepEqual(Row.required, ['alpha', 'beta']);
  await loader.activate(await publishUntrained(store, ['gamma'], ['y']));
  assert.deepEqual((await schemas()).Row.required, ['gamma']);
});

test('the types of mixed columns are in the document and in GET /model: levels, formats, gaps and an example that is answered', async (t) => {
  const { app } = await buildMixedApp(t);
  const { schemas } = (await app.inject({ url: '/openapi.json' })).json().components;
  const { instances } = schemas.PredictBody.properties;
  const { Row: object, RowValues: array } = schemas;
  const { size, color, sold, width, new: isNew } = object.properties;
  assert.deepEqual([size.type, color.type, isNew.type, sold.type], ['number', 'string', 'boolean', 'string']);
  assert.deepEqual(color.enum, ['red', 'green', 'blue']);
  assert.deepEqual(sold, { title: 'sold', type: 'string', format: 'date', examples: ['2024-07-02'] });
  assert.deepEqual(width.type, ['number', 'null']);
  assert.deepEqual(array.items, { type: ['number', 'string', 'boolean', 'null'] });
  assert.deepEqual(object.required, MIXED_FEATURES);

  const predicted = await app.inject({ method: 'POST', url: '/predict', payload: { instances: instances.example } });
  assert.equal(predicted.statusCode, 200, predicted.body);
  const inputs = schemas.InferBody.properties.inputs.example;
  const inferred = await app.inject({ method: 'POST', url: '/v2/models/test/infer', payload: { inputs } });
  assert.equal(inferred.statusCode, 200, inferred.body);
  assert.deepEqual(inferred.json().outputs[0].data, predicted.json().predictions[0]);

  const model = (await app.inject({ url: '/model' })).json();
  assert.deepEqual(model.input_schema, object);
  assert.equal(model.columns.length, MIXED_FEATURES.length);
  assert.deepEqual(model.signature.inputs, [
    { type: 'double', name: 'size', required: true },
    { type: 'string', name: 'color', required: true },
    { type: 'boolean', name: 'new', required: true },
    { type: 'datetime', name: 'sold', required: true },
    { type: 'double', name: 'width', required: false },
  ]);
});

test('every route has a summary and a schema for each status it can send', async (t) => {
  const { app } = await buildTestApp(t);
  const { paths } = (await app.inject({ url: '/openapi.json' })).json();
  const expected = [
    '/',
    '/drift',
    '/drift/baseline',
    '/drift/events',
    '/drift/history',
    '/drift/reset',
    '/feedback',
    '/livez',
    '/metrics',
    '/model',
    '/models',
    '/models/rollback',
    '/models/{version}',
    '/models/{version}/activate',
    '/models/{version}/archive',
    '/models/{version}/compare/{other}',
    '/models/{version}/onnx',
    '/models/{version}/report',
    '/monitoring/prometheus/metrics',
    '/predict',
    '/readyz',
    '/session',
    '/train',
    '/train/{id}',
    '/train/{id}/events',
    ...['', '/labels/{label}', '/versions/{version}'].flatMap((place) =>
      ['', '/metadata', ':classify', ':predict', ':regress'].map((verb) => `/v1/models/{name}${place}${verb}`),
    ),
    '/v1/models',
    ...['', '/versions/{version}'].flatMap((place) =>
      ['', '/config', '/infer', '/ready', '/stats'].map((what) => `/v2/models/{name}${place}${what}`),
    ),
    '/v2',
    '/v2/health/live',
    '/v2/health/ready',
    '/v2/models',
    '/v2/models/stats',
    '/v2/repository/index',
    '/v2/repository/models/{name}/load',
    '/v2/repository/models/{name}/unload',
    '/invocations',
    '/ping',
    '/health',
    '/version',
  ];
  assert.deepEqual(Object.keys(paths).sort(), expected.sort());
  for (const [path, methods] of Object.entries<Record<string, { summary: string; responses: object }>>(paths)) {
    for (const [method, { summary, responses }] of Object.entries(methods)) {
      assert.ok(summary, `${method} ${path}`);
      for (const [status, response] of Object.entries<{ content?: object }>(responses as never)) {
        assert.ok(response.content, `${method} ${path} ${status}`);
      }
    }
  }
});

test('every route lists the statuses of requests that are refused ahead of it', async (t) => {
  const { app } = await buildTestApp(t);
  const { paths } = (await app.inject({ url: '/openapi.json' })).json();
  for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      const expected = method === 'get' ? ['400'] : ['400', '413', '415'];
      for (const status of expected) assert.ok(status in responses, `${method} ${path} ${status}`);
    }
  }
});

test('the page of the interface is served', async (t) => {
  const { app } = await buildTestApp(t);
  const page = await app.inject({ url: '/docs/' });
  assert.equal(page.statusCode, 200);
  assert.match(page.body, /swagger-ui/);
});

test('what is not there below the page of the interface is an error in the usual form', async (t) => {
  const { app } = await buildTestApp(t);
  for (const url of ['/docs/none', '/docs/static/none.js', '/docs/static', '/docs/static/..%2f..%2fx']) {
    const response = await app.inject({ url, headers: { 'if-match': '"none"', range: 'bytes=9999999-' } });
    assert.equal(response.statusCode, 404, `${url} ${response.body}`);
    const { request_id, ...error } = response.json();
    assert.deepEqual(error, { error: `there is no GET ${url}`, code: 'NOT_FOUND' });
    assert.equal(request_id, response.headers['x-request-id']);
  }
  const css = { url: '/docs/static/swagger-ui.css' };
  const whole = await app.inject({ ...css, headers: { range: 'bytes=0-9' } });
  assert.deepEqual([whole.statusCode, whole.body.length > 1000], [200, true]);
  const etag = String(whole.headers['etag']);
  assert.equal((await app.inject({ ...css, headers: { 'if-none-match': etag } })).statusCode, 304);
});

test('the index names every public route', async (t) => {
  const { app } = await buildTestApp(t);
  const { body, headers } = await app.inject({ url: '/' });
  assert.match(String(headers['content-type']), /^text\/plain/);
  for (const path of ['/predict', '/train', '/model', '/metrics', '/livez', '/readyz', '/docs', '/openapi.json']) {
    assert.ok(body.includes(path), path);
  }
});

test("every contract's rows carry the loaded model's feature names", async (t) => {
  const { app } = await buildTestApp(t, ['alpha', 'beta'], { vertex: { predict: '/v:predict', health: '/v' } });
  const { paths, components } = (await app.inject({ url: '/openapi.json' })).json();
  const routes = [
    '/v1/models/{name}:predict',
    '/v1/models/{name}:regress',
    '/v2/models/{name}/infer',
    '/invocations',
    '/v:predict',
  ];
  for (const path of routes) {
    const text = schemaText(paths[path].post.requestBody, components.schemas);
    assert.ok(text.includes('alpha, beta'), path);
    assert.ok(!/"x-(rows|tensors|schema|content)"/.test(text), path);
  }
});

test('clients can be generated: operations have names of their own, statuses are numbers, schemas are named and have a type', async (t) => {
  for (const features of [['alpha', 'beta'], []]) {
    const { app } = await buildTestApp(t, features, { vertex: { predict: '/v:predict', health: '/v' } });
    const { paths, components } = (await app.inject({ url: '/openapi.json' })).json();
    const operations = Object.values<Record<string, Operation>>(paths).flatMap((each) => Object.values(each));
    const ids = operations.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, ids.length, String(ids));
    for (const id of ids) assert.match(id, /^[a-z][A-Za-z0-9]*$/);
    for (const id of ['predict', 'train', 'getTraining', 'getDrift', 'getModel', 'listVersions', 'sendFeedback']) {
      assert.ok(ids.includes(id), id);
    }
    for (const { responses, operationId } of operations) {
      for (const status of Object.keys(responses)) assert.match(status, /^[1-5]\d\d$/, operationId);
    }
    for (const type of ['stream', 'file'].map((name) => `application/vnd.apache.arrow.${name}`)) {
      const { type: kind, format } = paths['/predict'].post.requestBody.content[type].schema;
      assert.deepEqual([kind, format], ['string', 'binary']);
    }
    for (const name of ['PredictBody', 'PredictReply', 'TrainBody', 'Job', 'DriftReply', 'ErrorReply', 'ModelReply']) {
      assert.ok(name in components.schemas, name);
    }
    const references: string[] = [];
    visit({ paths, components }, (node) => {
      if (typeof node['$ref'] === 'string') references.push(node['$ref']);
      assert.ok(!('x-schema' in node || 'x-content' in node || 'x-rows' in node || 'x-tensors' in node));
      if (node['type'] === 'array') assert.ok(node['items'] && !Array.isArray(node['items']), JSON.stringify(node));
    });
    assert.ok(references.length > 200);
    for (const reference of references) assert.ok(reference.replace(/.*\//, '') in components.schemas, reference);
  }
});

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
}

function visit(node: unknown, use: (node: Record<string, unknown>) => void): void {
  if (typeof node !== 'object' || node === null) return;
  use(node as Record<string, unknown>);
  for (const each of Object.values(node)) visit(each, use);
}

/** The text of a schema with all schemas that it refers to. */
function schemaText(node: unknown, schemas: Record<string, unknown>): string {
  return JSON.stringify(node).replaceAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g, (_, name) =>
    schemaText(schemas[name], schemas),
  );
}

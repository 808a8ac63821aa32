import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMixedApp, MIXED_FEATURES } from '../../support/mixed-app.js';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

test("the document carries the loaded model's feature names, and follows a swap", async (t) => {
  const { app, store, loader } = await buildTestApp(t, ['alpha', 'beta']);
  const row = async () => {
    const document = (await app.inject({ url: '/openapi.json' })).json();
    return document.paths['/predict'].post.requestBody.content['application/json'].schema.properties.instances.items;
  };
  const [array, object] = (await row()).anyOf;
  assert.deepEqual(
    array.prefixItems.map(({ title }: { title: string }) => title),
    ['alpha', 'beta'],
  );
  assert.deepEqual(object.required, ['alpha', 'beta']);
  await loader.activate(await publishUntrained(store, ['gamma'], ['y']));
  assert.deepEqual((await row()).anyOf[1].required, ['gamma']);
});

test('the types of mixed columns are in the document and in GET /model: levels, formats, gaps and an example that is answered', async (t) => {
  const { app } = await buildMixedApp(t);
  const { paths } = (await app.inject({ url: '/openapi.json' })).json();
  const schemaOf = (path: string) => paths[path].post.requestBody.content['application/json'].schema;
  const { instances } = schemaOf('/predict').properties;
  const [array, object] = instances.items.anyOf;
  const { size, color, sold, width, new: isNew } = object.properties;
  assert.deepEqual([size.type, color.type, isNew.type, sold.type], ['number', 'string', 'boolean', 'string']);
  assert.deepEqual(color.enum, ['red', 'green', 'blue']);
  assert.deepEqual(sold, { title: 'sold', type: 'string', format: 'date', examples: ['2024-07-02'] });
  assert.deepEqual(width.type, ['number', 'null']);
  assert.deepEqual(array.prefixItems, Object.values(object.properties));
  assert.deepEqual(object.required, MIXED_FEATURES);

  const predicted = await app.inject({ method: 'POST', url: '/predict', payload: { instances: instances.example } });
  assert.equal(predicted.statusCode, 200, predicted.body);
  const inputs = schemaOf('/v2/models/{name}/infer').properties.inputs.example;
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
      ['', '/infer', '/ready', '/stats'].map((what) => `/v2/models/{name}${place}${what}`),
    ),
    '/v2',
    '/v2/health/live',
    '/v2/health/ready',
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
      if ('4XX' in responses) continue;
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
  const { paths } = (await app.inject({ url: '/openapi.json' })).json();
  const routes = [
    '/v1/models/{name}:predict',
    '/v1/models/{name}:regress',
    '/v2/models/{name}/infer',
    '/invocations',
    '/v:predict',
  ];
  for (const path of routes) {
    const text = JSON.stringify(paths[path].post.requestBody);
    assert.ok(text.includes('alpha, beta'), path);
    assert.ok(!text.includes('x-rows') && !text.includes('x-tensors'), path);
  }
});

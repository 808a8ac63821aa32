import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import cookies from '@fastify/cookie';
import swagger from '@fastify/swagger';
import { type FastifyInstance, fastify } from 'fastify';
import { register } from 'prom-client';
import type { IntervalsFile } from '../../src/model/intervals/intervals-file.js';
import { FileStore } from '../../src/model/store/file-store.js';
import { reconstructionRegressor } from '../../src/server/plugin.js';
import { OPTIONS } from '../../src/server/plugin-config.js';
import type { ReconstructionRegressorOptions } from '../../src/server/plugin-options.js';
import { childrenOf, NO_PROC } from '../support/child-processes.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { publishUntrained } from '../support/test-app.js';
import { until } from '../support/until.js';

const CARS = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
const CAR = [8, 307, 130, 3504, 12, 70, 1];

/** An application, which the test closes. */
function application(t: TestContext, options = {}): FastifyInstance {
  const app = fastify(options);
  t.after(() => app.close());
  return app;
}

/** A store with a version of these features. */
async function storeOf(t: TestContext, features: readonly string[]): Promise<string> {
  const directory = temporaryDirectory(t);
  await publishUntrained(new FileStore(join(directory, 'reconstruction_regressor')), features, ['y']);
  return directory;
}

function predict(app: FastifyInstance, path: string, row: readonly number[], headers = {}) {
  return app.inject({ method: 'POST', url: `${path}/predict`, headers, payload: { instances: [row] } });
}

test('the routes below a prefix answer with prediction intervals', async (t) => {
  const modelStore = temporaryDirectory(t);
  const intervals: IntervalsFile = { schema: 1, rows: 3, targets: [{ difficulty: null, scores: [1, 2, 3] }] };
  const store = new FileStore(join(modelStore, 'reconstruction_regressor'));
  await publishUntrained(store, ['a'], ['y'], 1, null, { hidden: [4], intervals });
  const app = application(t);
  app.register(reconstructionRegressor, { modelStore, prefix: '/price' });
  const answer = await predict(app, '/price', [1]);
  const bounded = await app.inject({
    method: 'POST',
    url: '/price/predict?interval=0.5',
    payload: { instances: [[1]] },
  });
  const { intervals: bounds, interval, ...rest } = bounded.json();
  assert.deepEqual(rest, answer.json());
  assert.deepEqual([interval, bounds[0][0].length], [0.5, 2]);
});

test('several models serve in one application, each below its prefix and with its label, beside other routes', async (t) => {
  const app = application(t);
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a', 'b']), prefix: '/models/price' });
  const rent = { modelStore: await storeOf(t, ['c']), modelName: 'reconstruction_regressor', prefix: '/rent/' };
  app.register(reconstructionRegressor, rent);
  app.get('/own', async () => 'own');
  const price = await predict(app, '/models/price', [1, 2]);
  assert.equal(price.statusCode, 200, price.body);
  assert.equal((await predict(app, '/rent', [1])).statusCode, 200);
  const invalid = await predict(app, '/rent', [1, 2]);
  assert.equal(invalid.json().code, 'INVALID_ROWS');
  assert.equal((await app.inject('/own')).body, 'own');

  const metrics = await app.inject('/models/price/metrics');
  assert.match(metrics.body, /^model_predictions_total\{model="price"\} 1$/m);
  assert.match(
    metrics.body,
    /^http_request_duration_seconds_count\{.*route="\/models\/price\/predict".*model="price".*\} 1$/m,
  );
  assert.doesNotMatch(metrics.body, /^(process|nodejs)_/m);
  const other = await app.inject('/rent/metrics');
  assert.match(other.body, /^model_predictions_total\{model="reconstruction_regressor"\} 1$/m);
});

test('below the prefix, errors have the form of the service, and elsewhere that of the application', async (t) => {
  const app = application(t);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('not here'));
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send('failed'));
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m' });
  app.get('/failing', async () => {
    throw new Error('for the application');
  });
  const lost = await app.inject('/m/nothing');
  assert.deepEqual([lost.statusCode, lost.json().code], [404, 'NOT_FOUND']);
  const wrong = await app.inject({ method: 'PUT', url: '/m/predict' });
  assert.deepEqual([wrong.statusCode, wrong.headers['allow']], [405, 'POST']);
  assert.equal((await app.inject('/nothing')).body, 'not here');
  assert.equal((await app.inject('/failing')).body, 'failed');
});

test('hooks and authentication of the application apply to all routes of the model', async (t) => {
  const app = application(t);
  app.addHook('onRequest', async ({ headers }, reply) => {
    if (headers.authorization !== 'Bearer secret') return reply.code(401).send('who are you?');
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-application', 'yes');
  });
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m' });
  for (const url of ['/m/predict', '/m/metrics', '/m/readyz', '/m/docs/', '/m/v1/models/reconstruction_regressor']) {
    assert.equal((await app.inject({ method: url === '/m/predict' ? 'POST' : 'GET', url })).statusCode, 401, url);
  }
  // From another site, too: that is up to the application.
  const headers = { authorization: 'Bearer secret', origin: 'https://elsewhere.example', host: 'any.example' };
  const allowed = await predict(app, '/m', [1], headers);
  assert.deepEqual([allowed.statusCode, allowed.headers['x-application']], [200, 'yes']);
});

test('an application that refuses a request does so in its own form, whatever the status', async (t) => {
  const app = application(t);
  app.addHook('onRequest', async ({ headers }, reply) => {
    const { refuse } = headers;
    if (refuse !== undefined) return reply.code(Number(refuse)).send({ reason: 'not today', at: 7 });
    return undefined;
  });
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m' });
  for (const status of [400, 401, 403, 418, 429, 500, 503]) {
    for (const url of ['/m/predict', '/m/train', '/m/v1/models/reconstruction_regressor:predict', '/m/invocations']) {
      const reply = await app.inject({ method: 'POST', url, headers: { refuse: String(status) }, payload: {} });
      assert.deepEqual([reply.statusCode, reply.json()], [status, { reason: 'not today', at: 7 }], url);
    }
    const reply = await app.inject({ url: '/m/drift', headers: { refuse: String(status) } });
    assert.deepEqual([reply.statusCode, reply.json()], [status, { reason: 'not today', at: 7 }]);
  }
});

test('an error that a hook of the application throws keeps its status, or the one that the hook has set', async (t) => {
  const app = application(t);
  app.addHook('onRequest', async ({ headers: { status, set } }, reply) => {
    if (set !== undefined) reply.code(Number(set));
    if (status !== undefined)
      throw Object.assign(new Error('not today'), { statusCode: Number(status), code: 'FST_AUTH' });
    if (set !== undefined) throw new Error('not today');
  });
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m' });
  const codes = { 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN', 418: 'INVALID_REQUEST', 429: 'RATE_LIMITED' };
  for (const [status, code] of Object.entries(codes)) {
    for (const headers of [{ status }, { set: status }, { set: '500', status }] as Record<string, string>[]) {
      for (const url of ['/m/predict', '/m/train']) {
        const reply = await app.inject({ method: 'POST', url, headers, payload: {} });
        const { error, code: sent } = reply.json();
        assert.deepEqual([reply.statusCode, sent, error], [Number(status), code, 'not today'], `${url} ${status}`);
      }
      const other = await app.inject({ method: 'POST', url: '/m/invocations', headers, payload: {} });
      assert.equal(other.statusCode, Number(status));
    }
  }
  for (const headers of [{ set: '200' }, { status: '200' }, { set: '500' }] as Record<string, string>[]) {
    const reply = await app.inject({ url: '/m/drift', headers });
    assert.deepEqual([reply.statusCode, reply.json().error], [500, 'internal error']);
  }
});

test('what the application has registered and what the model registers do not collide', async (t) => {
  const app = application(t);
  await app.register(cookies);
  await app.register(swagger, { openapi: { info: { title: 'the application', version: '1' } } });
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m' });
  app.get('/own', { schema: { response: { 200: { type: 'string' } } } }, async () => 'own');
  await app.ready();
  const own = app.swagger() as { info: { title: string }; paths: object };
  assert.equal(own.info.title, 'the application');
  assert.ok('/own' in own.paths && '/m/predict' in own.paths);
  const document = (await app.inject('/m/openapi.json')).json();
  assert.ok('/predict' in document.paths && !('/own' in document.paths), Object.keys(document.paths).join(' '));
  assert.deepEqual(document.servers, [{ url: '.' }]);
  assert.match(JSON.stringify(document), /in this order: a/);
});

test('the page does not say that it is open to all: that is up to the application', async (t) => {
  const app = application(t);
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m' });
  const { closed, open_to } = (await app.inject('/m/session')).json();
  assert.deepEqual([closed, open_to], [false, []]);
});

test('the page and the API reference load below the prefix', async (t) => {
  const app = application(t);
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/models/m' });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  for (const path of ['/models/m', '/models/m/docs']) {
    const page = await fetch(address + path, { headers: { accept: 'text/html' } });
    assert.equal(page.url, `${address}${path}/`);
    const names = Array.from((await page.text()).matchAll(/(?:src|href)="([^"]+)"/g), ([, name]) => name!);
    assert.ok(names.length >= 3, path);
    for (const name of names) assert.equal((await fetch(new URL(name, page.url))).status, 200, name);
  }
});

test('a first model is trained on the given table only, and its job is named below the prefix', async (t) => {
  const app = application(t);
  const modelStore = temporaryDirectory(t);
  app.register(reconstructionRegressor, { modelStore, prefix: '/none' });
  const trained = { modelStore, modelName: 'cars', trainData: CARS, trainTarget: 'mpg', prefix: '/cars' };
  app.register(reconstructionRegressor, trained);
  await app.ready();
  await until('the first model serves', 120, async () => (await app.inject('/cars/readyz')).statusCode === 200);
  assert.equal((await predict(app, '/cars', CAR)).statusCode, 200);
  const empty = await predict(app, '/none', CAR);
  assert.deepEqual(
    [empty.statusCode, empty.json().error],
    [
      503,
      `no model: ${modelStore}/reconstruction_regressor: the directory did not exist; POST /train can make one, or TRAIN_DATA a first one at the start`,
    ],
  );
  const instances = Array.from({ length: 60 }, (_, i) => [Math.sin(i), i]);
  const payload = { instances, targets: instances.map(([a]) => a) };
  const job = await app.inject({ method: 'POST', url: '/none/train?epochs=1', payload });
  assert.equal(job.statusCode, 202, job.body);
  const location = job.headers['location'] as string;
  assert.match(location, /^\/none\/train\/./);
  await until('the training ends', 120, async () => (await app.inject(location)).json().state !== 'running');
  assert.equal((await app.inject(location)).json().state, 'succeeded');
});

test('the size of a body is bounded by the option, not by the application', async (t) => {
  const app = application(t, { bodyLimit: 100 });
  app.register(reconstructionRegressor, { modelStore: await storeOf(t, ['a']), prefix: '/m', bodyLimit: 4096 });
  const rows = (count: number) =>
    ({ method: 'POST', url: '/m/predict', payload: { instances: Array(count).fill([1]) } }) as const;
  assert.equal((await app.inject(rows(500))).statusCode, 200);
  assert.equal((await app.inject(rows(5000))).statusCode, 413);
});

test('invalid options are named, with what was expected', async (t) => {
  const refused = async (options: object, expected: RegExp) => {
    const app = application(t);
    app.register(reconstructionRegressor, options as ReconstructionRegressorOptions);
    await assert.rejects(async () => app.ready(), expected);
  };
  await refused({ modelstore: 'x' }, /there is no option modelstore; expected prefix, modelStore, /);
  await refused({ port: 8080 }, /there is no option port/);
  await refused({ maxRows: '5' }, /maxRows must be integer, got "5"/);
  await refused({ retrain: 'always' }, /retrain must be one of off, on_drift, got "always"/);
  await refused({ modelName: '../x' }, /modelName .*got "\.\.\/x"/);
  await refused({ trainData: CARS }, /trainData needs trainTarget/);
});

test('the page about the plugin lists all options', () => {
  const page = readFileSync(new URL('../../../docs/plugin.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('## Options');
  const listed = Array.from(section.split('\n## ')[0]!.matchAll(/`([a-zA-Z]+)`/g), ([, name]) => name!);
  assert.deepEqual(listed.sort(), [...OPTIONS, 'logLevel', 'logSerializers', 'prefix'].sort());
});

test('the process has no more handlers, metrics, children and timers than before', { skip: NO_PROC }, async (t) => {
  const count = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  const before = count();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name !== 'CloseReq').length;
  const app = fastify();
  const modelStore = await storeOf(t, ['a']);
  const resources = timers();
  app.register(reconstructionRegressor, { modelStore, prefix: '/m' });
  const payload = { instances: [[1]], targets: [1] };
  assert.equal((await predict(app, '/m', [1])).statusCode, 200);
  assert.equal((await app.inject({ method: 'POST', url: '/m/feedback', payload })).statusCode, 200);
  assert.deepEqual(count(), before);
  assert.equal(await register.metrics(), '\n');
  await app.close();
  await until('no child is left', 30, async () => childrenOf(process.pid).length === 0);
  await until('no timer is left', 30, async () => timers() <= resources);
});

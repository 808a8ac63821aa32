import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createRandom } from '../../src/base/statistics/random.js';
import { type Cell, createClient, defineModel, ServiceError } from '../../src/client/client.js';
import { makeKey, writeKeys } from '../support/access-keys.js';
import { buildMixedApp } from '../support/mixed-app.js';
import { buildTestApp, type TestApp } from '../support/test-app.js';

interface Row {
  readonly size: number;
  readonly color: 'red' | 'green' | (string & {});
  readonly new: boolean;
  readonly sold: string;
  readonly width?: number | null;
}
const model = defineModel<Row>()({ features: ['size', 'color', 'new', 'sold', 'width'], targets: ['y'] });
const ROW: Row = { size: 1, color: 'red', new: true, sold: '2024-07-02', width: 3 };

async function listen({ app }: TestApp): Promise<string> {
  return app.listen({ host: '127.0.0.1', port: 0 });
}

test('a client predicts rows by name and in order, and completes those with missing values', async (t) => {
  const client = createClient(await listen(await buildMixedApp(t)), { model });
  const { width: _, ...gap } = ROW;
  const reply = await client.predict([ROW, gap, [1, 'red', true, '2024-07-02', null]]);
  const first: [number] = reply.predictions[0]!;
  assert.equal(typeof first[0], 'number');
  assert.deepEqual(reply.predictions[1], reply.predictions[2]);
  assert.notDeepEqual(reply.predictions[0], reply.predictions[1]);
  assert.equal(reply.explanations, undefined);
  const { explanations } = await client.predict([ROW], { explain: true });
  assert.deepEqual(explanations?.[0]?.missing, []);
  // The compiler knows the columns.
  // @ts-expect-error
  await assert.rejects(client.predict([{ ...ROW, size: 'large' }]), { code: 'INVALID_ROWS' });
  // @ts-expect-error
  await client.predict([{ color: 'red', new: true, sold: '2024-07-02' }]).catch(() => {});
});

test('a client without a model sends any rows', async (t) => {
  const client = createClient(await listen(await buildTestApp(t, ['a', 'b'])));
  const rows: Record<string, Cell>[] = [{ a: 1, b: 2 }];
  const { predictions, model_version } = await client.predict(rows);
  assert.deepEqual([predictions.length, model_version], [1, '1']);
});

test('intervals come with rows and with tables, whatever the targets are called', async (t) => {
  const app = await buildTestApp(t, []);
  const random = createRandom(1);
  const rows = Array.from({ length: 300 }, () => [random.normal(), random.normal()]);
  const targets = rows.map(([a, b]) => [a! - b!, a! + b!]);
  const body = { instances: rows.map(([a, b], i) => ({ a, b, y: targets[i]![0], y_low: targets[i]![1] })) };
  const trained = await app.app.inject({
    method: 'POST',
    url: '/train?wait=true&epochs=3',
    payload: { ...body, target: ['y', 'y_low'] },
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const client = createClient(await listen(app));
  const some = body.instances.slice(0, 10).map(({ a, b }) => ({ a: a!, b: b! }));
  const { intervals, interval } = await client.predict(some, { interval: 0.9 });
  assert.equal(interval, 0.9);
  const columns = { a: Float64Array.from(some, ({ a }) => a), b: Float64Array.from(some, ({ b }) => b) };
  const table = await client.predictTable(columns, { interval: 0.9, batchRows: 4 });
  assert.deepEqual(Object.keys(table.predictions), ['y', 'y_low']);
  for (const [j, name] of ['y', 'y_low'].entries()) {
    const { low, high } = table.intervals![name]!;
    assert.deepEqual(
      Array.from(low, (value, i) => [value, high[i]]),
      intervals!.map((row) => row[j]!.map(Math.fround)),
    );
  }
  assert.equal((await client.predictTable(columns)).intervals, undefined);
  assert.equal((await client.predict(some)).intervals, undefined);
  await assert.rejects(client.predict(some, { interval: 1 }), { code: 'INVALID_QUERY' });
  await assert.rejects(client.predictTable(columns, { interval: 1 }), { code: 'INVALID_QUERY' });
});

test('a table is predicted as Arrow with the same numbers, in batches', async (t) => {
  const app = await buildMixedApp(t);
  const client = createClient(await listen(app), { model });
  const count = 100;
  const columns = {
    size: Float64Array.from({ length: count }, (_, i) => i / 100),
    color: Array.from({ length: count }, (_, i) => ['red', 'green', 'never seen'][i % 3]!),
    new: Array.from({ length: count }, (_, i) => i % 2 === 0),
    sold: Array.from({ length: count }, (_, i) => `2024-0${1 + (i % 9)}-11`),
    width: Array.from({ length: count }, (_, i) => (i % 5 === 0 ? null : i % 7)),
  };
  const rows = Array.from(
    { length: count },
    (_, i): Row => ({
      size: columns.size[i]!,
      color: columns.color[i]!,
      new: columns.new[i]!,
      sold: columns.sold[i]!,
      width: columns.width[i]!,
    }),
  );
  const byRow = await client.predict(rows);
  const byColumn = await client.predictTable(columns, { batchRows: 30 });
  assert.deepEqual(
    Array.from(byColumn.predictions.y),
    byRow.predictions.map(([y]) => Math.fround(y)),
  );
  assert.deepEqual(Array.from(byColumn.reconstruction_error), byRow.reconstruction_error.map(Math.fround));
  assert.deepEqual(byColumn.model_versions, [byRow.model_version]);
  const none = { size: [], color: [], new: [], sold: [], width: [] };
  assert.deepEqual((await client.predictTable(none)).predictions, { y: new Float32Array(0) });
  const uneven = { ...columns, new: [true] };
  await assert.rejects(client.predictTable(uneven), /column "new": expected 100 rows, as in "size", got 1/);
});

test('a table of more rows than a request may have is predicted in halves', async (t) => {
  const app = await buildTestApp(t, ['a', 'b']);
  const client = createClient(await listen(app));
  // At most 100.
  const a = Float32Array.from({ length: 333 }, (_, i) => i);
  const { predictions, reconstruction_error } = await client.predictTable({ a, b: a });
  const [first] = Object.values(predictions);
  assert.deepEqual([first?.length, reconstruction_error.length], [333, 333]);
});

test('errors have the status, code, request and message of the service', async (t) => {
  const client = createClient(await listen(await buildMixedApp(t)), { model, retries: 0 });
  await assert.rejects(client.predict([{ ...ROW, size: null as unknown as number }]), (error) => {
    assert.ok(error instanceof ServiceError);
    assert.equal(error.name, 'ServiceError');
    assert.deepEqual([error.status, error.code], [400, 'INVALID_ROWS']);
    assert.match(error.message, /^instances\[0\]\["size"\]: expected/);
    assert.match(error.request_id ?? '', /^[0-9a-f]+-[0-9a-f]+$/);
    return true;
  });
  await assert.rejects(client.getVersion('99'), { status: 404, code: 'VERSION_NOT_FOUND' });
  await assert.rejects(createClient('http://127.0.0.1:9', { retries: 0 }).drift(), { status: 0, code: 'UNREACHABLE' });
});

test('a client sends its key, which a function may renew', async (t) => {
  const made = makeKey(['predict']);
  const { text: key } = made;
  const url = await listen(await buildTestApp(t, ['a'], {}, { API_KEYS: writeKeys(t, [made]) }));
  await assert.rejects(createClient(url).predict([{ a: 1 }]), { status: 401, code: 'UNAUTHENTICATED' });
  assert.equal((await createClient(url, { token: key }).predict([{ a: 1 }])).predictions.length, 1);
  const renewed = createClient(url, { token: async () => key });
  assert.equal((await renewed.predictTable({ a: [1, 2] })).reconstruction_error.length, 2);
  await assert.rejects(renewed.train('a,y\n1,2\n', { target: 'y' }), { status: 403, code: 'FORBIDDEN' });
});

test('a training is followed to its end, its version activated, rolled back and removed', async (t) => {
  const client = createClient(await listen(await buildTestApp(t, ['a', 'b'])));
  const lines = Array.from({ length: 200 }, (_, i) => `${i % 13},${i % 7},${2 * (i % 13) - (i % 7)}`);
  const csv = ['a,b,"y, in €"', ...lines].join('\n');
  const target = 'y, in €';
  const report = await client.profile(csv, { target, replace: true });
  assert.deepEqual(
    report.columns.map(({ role }) => role),
    ['feature', 'feature', 'target'],
  );
  const broken = ['a,b,"y\nin €"', ...lines].join('\n');
  const [, , last] = (await client.profile(broken, { target: 'y\nin €', replace: true })).columns;
  assert.deepEqual([last?.name, last?.role], ['y\nin €', 'target'], 'a name may have a line break');
  const states: string[] = [];
  const onProgress = ({ state }: { state: string }) => states.push(state);
  const job = await client.train(csv, { target, replace: true, epochs: 3, promote: 'always', onProgress });
  assert.equal(job.state, 'succeeded');
  assert.equal(states.at(-1), 'succeeded');
  assert.equal((await client.getModel()).model_version, job.model_version);
  assert.deepEqual((await client.getModel()).targets, [target]);

  const rows = lines.map((line) => line.split(',').map(Number)).map(([a, b, y]) => ({ a, b, [target]: y }));
  const third = await client.train(rows, { target: [target], epochs: 2, promote: 'never' });
  assert.equal(third.rows, 200);
  const file = new File([csv], 'table.csv');
  const other = await client.train(file, { target, epochs: 2, promote: 'never' });
  await client.activateVersion(other.model_version!);
  assert.equal((await client.rollBack()).model_version, job.model_version);
  await client.deleteVersion(third.model_version!);
  const { models, serving } = await client.listVersions();
  assert.deepEqual(
    [serving, models.some(({ model_version }) => model_version === third.model_version)],
    [job.model_version, false],
  );
  const { versions } = await client.compareVersions(job.model_version!, other.model_version!);
  assert.deepEqual(versions, [job.model_version, other.model_version]);
  const feedback = await client.sendFeedback({ instances: [{ a: 1, b: 2, [target]: 0 }], target });
  assert.equal(feedback.rows, 1);
  assert.equal((await client.drift()).detected, false);
});

test('a training that fails is an error with its code, and an aborted one is cancelled', async (t) => {
  const client = createClient(await listen(await buildTestApp(t, ['a'])));
  await assert.rejects(client.train('a,y\n1,2\n', { target: 'z' }), { status: 400, code: 'UNKNOWN_COLUMN' });
  const csv = ['a,y', ...Array.from({ length: 5000 }, (_, i) => `${i % 97},${i % 89}`)].join('\n');
  const controller = new AbortController();
  let id = '';
  const training = client.train(csv, {
    target: 'y',
    epochs: 100_000,
    patience: 100_000,
    signal: controller.signal,
    onProgress: (job) => {
      id = job.id;
      controller.abort();
    },
  });
  await assert.rejects(training, { name: 'AbortError' });
  for (;;) {
    const { state } = await client.getTraining(id);
    if (state !== 'running') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal((await client.getTraining(id)).state, 'cancelled');
});

test('what is refused with 429 or 503 is sent again, not before its Retry-After', async (t) => {
  const times: number[] = [];
  const bodies: string[] = [];
  const url = await answer(t, async (request, reply) => {
    times.push(performance.now());
    bodies.push(await textOf(request));
    if (times.length === 1) return refuse(reply, 503, '1');
    if (times.length === 2) return refuse(reply, 429);
    send(reply, 200, { predictions: [[1]], reconstruction_error: [0], model_version: '1' });
  });
  const { predictions } = await createClient(url).predict([{ a: 1 }]);
  assert.deepEqual(predictions, [[1]]);
  assert.ok(times[1]! - times[0]! >= 990, `${times}`);
  assert.deepEqual(new Set(bodies), new Set(['{"instances":[{"a":1}]}']));
});

test('a refusal counts after the last attempt, and at once if the service asks for too much patience', async (t) => {
  let requests = 0;
  const url = await answer(t, async (_, reply) => {
    requests++;
    refuse(reply, 503, requests > 3 ? '3600' : undefined);
  });
  const refused = { status: 503, code: 'OVERLOADED', message: 'later', request_id: 'r1' };
  await assert.rejects(createClient(url, { retries: 2, maxDelay: 10 }).drift(), refused);
  assert.equal(requests, 3);
  await assert.rejects(createClient(url).drift(), refused);
  assert.equal(requests, 4);
});

test('what got no reply is sent again only if it can do no harm twice', async (t) => {
  const seen: string[] = [];
  const url = await answer(t, async (request, reply) => {
    seen.push(`${request.method} ${request.url} ${request.headers['idempotency-key'] ?? ''}`);
    if (seen.filter((each) => each === seen.at(-1)).length === 1) return void request.socket.destroy();
    send(reply, 200, {});
  });
  const client = createClient(url);
  await client.drift();
  await client.sendFeedback({ ids: ['x'], targets: [1] });
  await client.sendFeedback({ instances: [[1]], targets: [1] });
  assert.equal(seen.length, 6);
  assert.match(seen[4]!, /^POST \/feedback [0-9a-f]{32}$/);
  assert.equal(seen[4], seen[5]);
  await assert.rejects(client.rollBack(), { status: 0, code: 'UNREACHABLE' });
  await assert.rejects(client.train('a,y\n', { target: 'y' }), { code: 'UNREACHABLE' });
  assert.equal(seen.length, 8);
});

test('a signal ends a request, and the wait before the next attempt', async (t) => {
  const url = await answer(t, async (_, reply) => refuse(reply, 503, '20'));
  const started = performance.now();
  await assert.rejects(createClient(url).drift({ signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
  assert.ok(performance.now() - started < 15_000);
  await assert.rejects(createClient(url).predict([{ a: 1 }], { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('the reply of another server is an error that names its status', async (t) => {
  const url = await answer(t, async (_, reply) => void reply.writeHead(502).end('<html>'));
  await assert.rejects(createClient(url).getModel(), { status: 502, code: 'HTTP_502', request_id: null });
});

/** A server that answers as a busy or broken service does. */
async function answer(
  t: TestContext,
  handle: (request: IncomingMessage, reply: ServerResponse) => Promise<void>,
): Promise<string> {
  const server = createServer((request, reply) => void handle(request, reply)).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(reply: ServerResponse, status: number, after?: string): void {
  if (after !== undefined) reply.setHeader('retry-after', after);
  send(reply, status, { error: 'later', code: 'OVERLOADED', request_id: 'r1' });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

test('no error repeats a credential', async () => {
  assert.throws(() => createClient('http://user:planted@127.0.0.1:1'), {
    name: 'TypeError',
    message: /^(?!.*planted)url: /,
  });
  for (const token of ['planted\nx', 'planted…']) {
    const client = createClient('http://127.0.0.1:1', { token });
    for (const request of [() => client.predict([[1]]), () => client.predictTable({ x: Float32Array.of(1) })]) {
      await assert.rejects(request, (error) => {
        assert.ok(error instanceof ServiceError && error.code === 'INVALID_TOKEN');
        assert.match(error.message, /^token: expected/);
        return !String(error.stack).includes('planted');
      });
    }
  }
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { childrenOf, gone, NO_PROC } from '../../../support/child-processes.js';
import { constantParquet } from '../../../support/parquet.js';
import { buildTestApp, contentsOf, type TestApp } from '../../../support/test-app.js';
import { until } from '../../../support/until.js';

const ROWS = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / 40]);
const TARGETS = ROWS.map(([a, b, c]) => a! + 2 * b! - c!);
const CSV = `c,a,y,b\r\n${ROWS.map(([a, b, c], i) => `${c},${a},${TARGETS[i]},${b}`).join('\r\n')}\r\n`;

const train = (app: FastifyInstance, payload: object | string, query = '') =>
  app.inject({
    method: 'POST',
    url: `/train?${query}`,
    payload,
    ...(typeof payload === 'string' ? { headers: { 'content-type': 'text/csv' } } : {}),
  });

test('arrays, named rows and CSV of the same data become the same model', async (t) => {
  const { app } = await buildTestApp(t);
  const named = ROWS.map(([a, b, c], i) => ({ c, y: TARGETS[i], a, b }));
  const answers = [
    await train(app, { instances: ROWS, targets: TARGETS, epochs: 3 }, 'wait=true'),
    await train(app, { instances: ROWS, targets: TARGETS.map((y) => [y]), epochs: 3 }, 'wait=true'),
    await train(app, { instances: named, target: 'y' }, 'wait=true&epochs=3'),
    await train(app, CSV, 'wait=true&epochs=3&target=y'),
  ];
  const predictions = [];
  for (const [i, answer] of answers.entries()) {
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.json().model_version, String(i + 2));
    assert.equal(answer.json().history.length, 3);
    const card = (await app.inject({ url: '/model' })).json();
    assert.deepEqual(card.features, ['a', 'b', 'c']);
    assert.equal(card.data.rows, 40);
    predictions.push(card.metrics);
  }
  for (const metrics of predictions) assert.deepEqual(metrics, predictions[0]);
});

test('Arrow and Parquet, packed or not, become the model of the same CSV, and nothing is left in the store', async (t) => {
  const { app, store } = await buildTestApp(t, ['k', 'n', 'x']);
  const fixture = (name: string) =>
    readFile(fileURLToPath(new URL(`../../../../../test/fixtures/pyarrow/${name}`, import.meta.url)));
  const send = async (type: string, name: string, pack = false, query = 'target=y&wait=true&epochs=3') => {
    const content = await fixture(name);
    return app.inject({
      method: 'POST',
      url: `/train?${query}`,
      headers: { 'content-type': type, ...(pack ? { 'content-encoding': 'gzip' } : {}) },
      payload: pack ? gzipSync(content) : content,
    });
  };
  const arrow = 'application/vnd.apache.arrow.stream';
  const parquet = 'application/vnd.apache.parquet';
  const typeOf = (name: string) => (name.endsWith('.csv') ? 'text/csv' : name.endsWith('.arrow') ? arrow : parquet);
  for (const names of [
    ['table.csv', 'table.arrow', 'none.parquet'],
    ['nulls.csv', 'nulls.arrow', 'nulls.parquet'],
  ]) {
    const answers = [];
    for (const [i, name] of names.entries()) answers.push(await send(typeOf(name), name, i % 2 === 0));
    const metrics = answers.map((answer) => answer.json().metrics);
    for (const each of metrics) assert.deepEqual(each, metrics[0], names.join());
    for (const answer of answers) assert.equal(answer.json().dropped > 0, names[0] === 'nulls.csv', answer.body);
  }
  const refused: [type: string, name: string, query: string, code: string][] = [
    [arrow, 'nulls.arrow', '', 'UNKNOWN_COLUMN'],
    [arrow, 'nulls.arrow', 'target=z', 'UNKNOWN_COLUMN'],
    [parquet, 'nulls.parquet', 'target=x', 'FEATURES_CHANGED'],
    [parquet, 'nulls.arrow', 'target=y', 'INVALID_PARQUET'],
    [arrow, 'none.parquet', 'target=y', 'INVALID_ARROW'],
  ];
  for (const [type, name, query, code] of refused) {
    const answer = await send(type, name, false, query);
    assert.deepEqual([answer.statusCode, answer.json().code], [400, code], answer.body);
  }
  const replaced = await send(parquet, 'none.parquet', false, 'target=x&replace=true&wait=true&epochs=1');
  assert.equal(replaced.statusCode, 200, replaced.body);
  assert.deepEqual(contentsOf(store.location), ['1', '2', '3', '4', '5', '6', '7', '8']);
});

for (const [type, code] of [
  ['text/csv', 'INVALID_CSV'],
  ['application/vnd.apache.arrow.stream', 'INVALID_ARROW'],
  ['application/vnd.apache.parquet', 'INVALID_PARQUET'],
]) {
  test(`${type} may be larger than other bodies, and not larger than TRAIN_BODY_LIMIT, packed or not`, async (t) => {
    const limits = { bodyLimit: 10_000, trainBodyLimit: 100_000 };
    const { app, store } = await buildTestApp(t, ['a'], limits);
    const send = (payload: Buffer, headers = {}) =>
      app.inject({ method: 'POST', url: '/train?target=y', headers: { 'content-type': type, ...headers }, payload });
    const line = 'a,y,\n';
    const [allowed, larger] = [Buffer.alloc(90_000, line), Buffer.alloc(110_000, line)];
    const packed = { 'content-encoding': 'gzip' };
    for (const [status, is, answer] of [
      [400, code, await send(allowed)],
      [400, code, await send(gzipSync(allowed), packed)],
    ] as const) {
      assert.deepEqual([answer.statusCode, answer.json().code], [status, is], answer.body);
    }
    if (type !== 'text/csv') {
      for (const answer of [await send(larger), await send(gzipSync(larger), packed)]) {
        assert.deepEqual([answer.statusCode, answer.json().code], [413, 'TOO_LARGE'], answer.body);
        assert.match(answer.json().error, /at most 100000 bytes/);
      }
    }
    const json = await app.inject({ method: 'POST', url: '/train', payload: { instances: 'x'.repeat(20_000) } });
    assert.equal(json.statusCode, 413);
    assert.deepEqual(contentsOf(store.location), ['1']);
  });
}

test('it answers 202 with a job that can be queried, and a second training meanwhile is a 409', async (t) => {
  const { app, jobs } = await buildTestApp(t);
  const started = await train(app, { instances: ROWS, targets: TARGETS, epochs: 100_000, patience: 100_000 });
  assert.equal(started.statusCode, 202, started.body);
  const { id, state } = started.json();
  assert.equal(state, 'running');
  assert.equal(started.headers['location'], `/train/${id}`);

  const second = await train(app, CSV, 'target=y');
  assert.equal(second.statusCode, 409);
  assert.equal(second.json().code, 'TRAINING_RUNNING');

  await new Promise((resolve) => jobs.once('epoch', resolve));
  const running = (await app.inject({ url: `/train/${id}` })).json();
  assert.ok(running.epoch >= 1);
  assert.ok(running.seconds_left > 0);
  assert.equal(running.history.length, running.epoch);

  const cancelled = await app.inject({ method: 'DELETE', url: `/train/${id}` });
  assert.equal(cancelled.statusCode, 200);
  assert.equal(cancelled.json().state, 'cancelled');
  assert.equal((await app.inject({ url: '/model' })).json().model_version, '1');
  assert.equal((await train(app, CSV, 'target=y&epochs=1&wait=true')).statusCode, 200);
});

test('a job that succeeded reports the duration of every phase', async (t) => {
  const { app } = await buildTestApp(t);
  const { phases, seconds } = (await train(app, CSV, 'wait=true&epochs=3&target=y')).json();
  const names = [
    'receive',
    'start',
    'read',
    'split',
    'train',
    'importance',
    'gate',
    'intervals',
    'baseline',
    'write',
    'exit',
    'publish',
    'swap',
  ];
  assert.deepEqual(Object.keys(phases), names);
  for (const name of names) assert.ok(phases[name] > 0, name);
  // The job's own clock begins when the rows have been received; what lies between two phases is next to nothing.
  const sum = names.slice(1).reduce((total, name) => total + phases[name], 0);
  assert.ok(sum <= seconds && sum > 0.5 * seconds, `${sum} of ${seconds}`);
});

test('a job that there is not is a 404', async (t) => {
  const { app } = await buildTestApp(t);
  for (const method of ['GET', 'DELETE'] as const) {
    const response = await app.inject({ method, url: '/train/none' });
    assert.equal(response.statusCode, 404);
    assert.equal(response.json().code, 'JOB_NOT_FOUND');
  }
  assert.equal((await app.inject({ url: '/train/none/events' })).statusCode, 404);
});

test('events bring every epoch once, and then the end, to early and late listeners', async (t) => {
  const { app } = await buildTestApp(t);
  const started = await train(app, { instances: ROWS, targets: TARGETS, epochs: 20, patience: 20 });
  const { id } = started.json();
  const early = await app.inject({ url: `/train/${id}/events` });
  const late = await app.inject({ url: `/train/${id}/events` });
  for (const { headers, body } of [early, late]) {
    assert.equal(headers['content-type'], 'text/event-stream');
    const epochs = Array.from(body.matchAll(/^event: epoch\ndata: (.*)$/gm), ([, data]) => JSON.parse(data!).epoch);
    assert.deepEqual(
      epochs,
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const end = JSON.parse(/^event: end\ndata: (.*)\n\n$/m.exec(body)![1]!);
    assert.equal(end.state, 'succeeded');
    assert.deepEqual(end, (await app.inject({ url: `/train/${id}` })).json());
  }
});

const BAD: [what: string, payload: object | string, query: string, code: string, message: RegExp][] = [
  ['a CSV without ?target', CSV, '', 'UNKNOWN_COLUMN', /\?target=/],
  ['an unknown target', CSV, 'target=z', 'UNKNOWN_COLUMN', /"z" is not a column; the columns are "c", "a", "y", "b"/],
  ['an empty CSV', '', 'target=y', 'INVALID_CSV', /header/],
  ['a ragged CSV', 'a,b,c,y\n1,2,3,4\n1,2\n', 'target=y', 'INVALID_CSV', /line 3/],
  ['other features', 'a,b,d,y\n1,2,3,4\n', 'target=y', 'FEATURES_CHANGED', /\?replace=true/],
  ['another width', { instances: [[1, 2]], targets: [1] }, '', 'FEATURES_CHANGED', /"x0", "x1"/],
  ['too few rows', { instances: [[1, 2, 3]], targets: [1] }, 'wait=true', 'TOO_FEW_ROWS', /at least 10/],
  [
    'a column of words',
    `a,b,c,y\n${'1,red,3,4\n'.repeat(20)}`,
    'target=y',
    'INVALID_CSV',
    /"b": 20 of 20 cells are .*"red" \(line 2\)/,
  ],
  [
    'a string among the rows',
    { instances: [[1, '2', 3]], targets: [1] },
    '',
    'INVALID_ROWS',
    /^column "b": 1 of 1 cells is neither a number .*: "2" \(instances\[0\]\)/,
  ],
  [
    'too few targets',
    {
      instances: [
        [1, 2, 3],
        [1, 2, 3],
      ],
      targets: [1],
    },
    '',
    'INVALID_ROWS',
    /^targets: /,
  ],
  [
    'a rate that diverges',
    { instances: ROWS, targets: TARGETS, learning_rate: 10, epochs: 500, patience: 500 },
    'wait=true',
    'TRAINING_DIVERGED',
    /learning_rate/,
  ],
];

for (const [what, payload, query, code, message] of BAD) {
  test(`${what} is a 400, and the old model serves on`, async (t) => {
    const { app, store } = await buildTestApp(t);
    const response = await train(app, payload, query);
    assert.equal(response.statusCode, 400, response.body);
    assert.equal(response.json().code, code);
    assert.match(response.json().error, message);
    assert.equal((await app.inject({ url: '/readyz' })).json().model_version, '1');
    assert.deepEqual(contentsOf(store.location), ['1'], 'no stage is left');
    assert.equal((await train(app, CSV, 'target=y&epochs=1')).statusCode, 202, 'the place is free again');
  });
}

test('a training that fails for no reason of the client is a 500 for who waits, and frees the place', async (t) => {
  const { app, store, logged } = await buildTestApp(t);
  const publish = store.publish.bind(store);
  store.publish = () => Promise.reject(new Error('ENOSPC: no space left on device'));
  const failed = await train(app, CSV, 'target=y&epochs=1&wait=true');
  assert.equal(failed.statusCode, 500, failed.body);
  const { request_id, ...reply } = failed.json();
  assert.deepEqual(reply, { error: 'internal error', code: 'INTERNAL' });
  assert.ok(logged.some(({ err }) => (err as Error | undefined)?.message.startsWith('ENOSPC')));
  assert.deepEqual(contentsOf(store.location), ['1'], 'no stage is left');

  store.publish = publish;
  assert.equal((await train(app, CSV, 'target=y&epochs=1&wait=true')).statusCode, 200);
});

test('a cancelled training is no error in the log', async (t) => {
  const { app, logged } = await buildTestApp(t);
  const { id } = (await train(app, CSV, 'target=y&epochs=100000&patience=100000')).json();
  const cancelled = await app.inject({ method: 'DELETE', url: `/train/${id}` });
  assert.equal(cancelled.json().state, 'cancelled');
  assert.deepEqual(
    logged.filter(({ level }) => (level as number) >= 50),
    [],
  );
});

test('?replace=true takes other features, and predictions ask for them from then on', async (t) => {
  const { app } = await buildTestApp(t);
  const cars = await readFile(fileURLToPath(new URL('../../../../../data/auto-mpg.csv', import.meta.url)), 'utf8');
  const trained = await train(app, cars, 'target=mpg&replace=true&wait=true&epochs=2');
  assert.equal(trained.statusCode, 200, trained.body);
  // Only rows without the target are dropped; `horsepower` may be missing.
  assert.equal(trained.json().dropped, 8);
  const old = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  assert.match(old.json().error, /expected 7 values \("cylinders"/);
});

test('a large CSV that is refused before it is read gets its answer', async (t) => {
  const { app, jobs } = await buildTestApp(t, ['a', 'b', 'c'], { trainBodyLimit: 2 ** 26 });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const { id } = (await train(app, { instances: ROWS, targets: TARGETS, epochs: 100_000, patience: 100_000 })).json();
  const headers = { 'content-type': 'text/csv' };
  const response = await fetch(`${url}/train?target=y`, { method: 'POST', headers, body: CSV.repeat(5000) });
  assert.equal(response.status, 409);
  await jobs.cancel(id);
});

test('a CSV beyond the body limit is a 413, with and without a declared length', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { trainBodyLimit: 1024 });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const chunks = async function* () {
    for (let i = 0; i < 100; i++) yield Buffer.from(CSV);
  };
  for (const body of [CSV, Readable.from(chunks())]) {
    const response = await fetch(`${url}/train?target=y`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
      duplex: 'half',
    } as RequestInit);
    assert.equal(response.status, 413);
    assert.equal(((await response.json()) as { code: string }).code, 'TOO_LARGE');
  }
});

test('an upload that breaks off frees the place and leaves nothing', async (t) => {
  const { app, store } = await buildTestApp(t);
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const watcher = watch(store.location);
  const staged = once(watcher, 'change');
  const socket = connect(Number(url.port), url.hostname);
  socket.write(
    `POST /train?target=y HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 99999\r\n\r\n${CSV}`,
  );
  await staged;
  watcher.close();
  socket.destroy();
  // Over the socket: the server learns of the break only when the event loop turns.
  let response: Response;
  do {
    response = await fetch(new URL('/train?target=y&epochs=1&wait=true', url), {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: CSV,
    });
  } while (response.status === 409);
  assert.equal(response.status, 200, await response.text());
  await until('the stage is gone', 10, async () => contentsOf(store.location).length === 2);
  assert.deepEqual(contentsOf(store.location), ['1', '2']);
});

/** Opens connections that announce a table and send none, and waits until each has a stage. */
async function silentUploads(t: TestContext, { app, store }: TestApp, count: number): Promise<Socket[]> {
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const sockets = Array.from({ length: count }, (_, i) => {
    const socket = connect({ port: Number(url.port), host: url.hostname });
    const type = i % 2 ? 'text/csv' : 'application/vnd.apache.parquet';
    socket.write(
      `POST /train?target=y&epochs=1 HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 99999\r\n\r\n`,
    );
    t.after(() => socket.destroy());
    return socket;
  });
  await until('all have stages', 10, async () => contentsOf(store.location).length === count + 1);
  return sockets;
}

test('tables that do not arrive hold no training, their number is bounded, and nothing is left of them', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const parts = await buildTestApp(t, ['a', 'b', 'c'], {}, { LIMIT_TRAININGS: '0' });
  const { app, store } = parts;
  const sockets = await silentUploads(t, parts, 8);
  assert.equal(parts.jobs.isBusy, false);
  const trained = await train(app, { instances: ROWS, targets: TARGETS }, 'wait=true&epochs=1');
  assert.equal(trained.statusCode, 200, trained.body);
  const ninth = await train(app, CSV, 'target=y');
  assert.deepEqual([ninth.statusCode, ninth.json().code, ninth.headers['retry-after']], [503, 'OVERLOADED', '5']);
  // One of which next to nothing arrives gives way to the next.
  t.mock.timers.tick(10_000);
  const reply = once(sockets[0]!, 'data');
  const tenth = await train(app, CSV, 'target=y&wait=true&epochs=1');
  assert.equal(tenth.statusCode, 200, tenth.body);
  assert.match(String((await reply)[0]), /^HTTP\/1\.1 503 [\s\S]*"body: fewer than 65536 bytes arrived in 5 seconds/);
  for (const socket of sockets) socket.destroy();
  await until('the stages are gone', 10, async () => contentsOf(store.location).length === 3);
  const next = await train(app, CSV, 'target=y&wait=true&epochs=1');
  assert.equal(next.statusCode, 200, next.body);
});

test('of two tables that arrive at the same time, the first to arrive is trained on', async (t) => {
  const parts = await buildTestApp(t);
  const { app } = parts;
  const source = async function* (release: Promise<void>) {
    yield CSV;
    await release;
  };
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const headers = { 'content-type': 'text/csv' };
  const late = app.inject({ method: 'POST', url: '/train?target=y', headers, payload: Readable.from(source(ended)) });
  await until('the first has its stage', 10, async () => contentsOf(parts.store.location).length === 2);
  const options = 'target=y&epochs=100000&patience=100000';
  const { id } = (await train(app, CSV, options)).json();
  end();
  const { statusCode, body } = await late;
  assert.equal(statusCode, 409, body);
  await parts.jobs.cancel(id);
});

test('a table whose client goes while it is read is not trained on, and nothing of it is left', {
  skip: NO_PROC,
}, async (t) => {
  const { app, store, jobs } = await buildTestApp(t, ['a', 'b', 'c'], { trainBodyLimit: 2 ** 26 });
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const before = childrenOf(process.pid);
  const body = constantParquet({ columns: ['a', 'b', 'c', 'y'], rows: 2 ** 22 });
  const socket = connect({ port: Number(url.port), host: url.hostname });
  const type = 'application/vnd.apache.parquet';
  socket.write(
    `POST /train?target=y HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  socket.write(body);
  await until('it is being read', 60, async () => childrenOf(process.pid).length > before.length);
  const children = childrenOf(process.pid).filter((child) => !before.includes(child));
  socket.destroy();
  for (const child of children) await gone(child, 60);
  await until('the stage is gone', 60, async () => contentsOf(store.location).length === 1);
  assert.equal(jobs.isBusy, false);
});

test('a table of too many rows is a 413 that says how many there may be', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], {}, { TRAIN_MAX_ROWS: '39' });
  const refused = await train(app, CSV, 'target=y');
  assert.deepEqual([refused.statusCode, refused.json().code], [413, 'TOO_LARGE']);
  assert.equal(refused.json().error, 'the table: expected at most 39 rows, got more; send a sample of the rows');
});

test('a table of which nothing arrives for a minute is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const parts = await buildTestApp(t);
  const url = new URL(await parts.app.listen({ host: '127.0.0.1', port: 0 }));
  const staged = once(watch(parts.store.location, { persistent: false }), 'change');
  const socket = connect({ port: Number(url.port), host: url.hostname });
  t.after(() => socket.destroy());
  socket.write(
    'POST /train?target=y HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 99\r\n\r\na,',
  );
  await staged;
  t.mock.timers.tick(60_000);
  const [reply] = await once(socket, 'data');
  assert.match(String(reply), /^HTTP\/1\.1 400 [\s\S]*"body: nothing arrived for 60 seconds","code":"INVALID_CSV"/);
});

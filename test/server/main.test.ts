import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { csvToTable } from '../../src/model/tables/csv/csv-table.js';
import { childOf, startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { contentsOf } from '../support/test-app.js';

const CARS = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
const CAR = [8, 307, 130, 3504, 12, 70, 1];

const first = async (t: Parameters<typeof startServer>[0], store: string, more: Record<string, string> = {}) => {
  const server = await startServer(t, { MODEL_STORE: store, TRAIN_DATA: CARS, ...more });
  return server;
};

async function predict(url: string, instances: unknown): Promise<{ predictions: number[][]; model_version: string }> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instances }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as { predictions: number[][]; model_version: string };
}

async function trainOnCars(url: string, query = ''): Promise<Response> {
  return fetch(`${url}/train?target=mpg${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: await readFile(CARS),
  });
}

/** Versions and stages; not what is kept beside them. */
const versions = async (store: string) => contentsOf(join(store, 'reconstruction_regressor'));

test('the whole way: first training, predict, scrape, retrain while predicting, restart, the same predictions', async (t) => {
  const store = temporaryDirectory(t);
  const server = await first(t, store);
  assert.equal((await fetch(`${server.url}/livez`)).status, 200);
  const { engine, probe_deviation } = await server.logged('model version serves');
  assert.equal(engine, 'kernel');
  assert.ok(typeof probe_deviation === 'number' && probe_deviation >= 0 && probe_deviation < 1e-4);
  const { location, versions, writable, free_bytes } = await server.logged('model store');
  assert.deepEqual([location, versions, writable], [join(store, 'reconstruction_regressor'), 0, true]);
  assert.ok(typeof free_bytes === 'number' && free_bytes > 0);

  const before = await predict(server.url, [CAR]);
  assert.equal(before.model_version, '1');
  assert.ok(Math.abs(before.predictions[0]![0]! - 18) < 6, `18 mpg in the table, predicted ${before.predictions}`);

  const scrape = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(scrape, /^model_reconstruction_loss \d/m);
  assert.match(scrape, /^model_forward_pass_rows 1$/m);
  assert.match(scrape, /^model_version 1$/m);

  // Predictions go on, one after the other on four connections, until the next version has answered.
  const answered: string[] = [];
  let failures = 0;
  let done = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!done) {
      await predict(server.url, [CAR]).then(
        ({ model_version }) => answered.push(model_version),
        () => failures++,
      );
    }
  });
  const response = await trainOnCars(server.url, '&wait=true&seed=7');
  const job = (await response.json()) as {
    state: string;
    model_version: string;
    metrics: { targets: { mpg: { r2: number } } };
  };
  assert.equal(response.status, 200, JSON.stringify(job));
  assert.equal(job.state, 'succeeded');
  assert.equal(job.model_version, '2');
  assert.ok(job.metrics.targets.mpg.r2 > 0.7, `R² ${job.metrics.targets.mpg.r2}`);
  const after = await predict(server.url, [CAR]);
  done = true;
  await Promise.all(clients);
  assert.equal(failures, 0);
  assert.equal(after.model_version, '2');
  assert.ok(answered.includes('1'), 'the old version answered while the new one was trained');
  assert.notDeepEqual(after.predictions, before.predictions);

  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
  const again = await first(t, store);
  await again.logged('model version serves');
  assert.deepEqual(await predict(again.url, [CAR]), after);
});

test('kill -9 in the middle of a training loses nothing, and its leftovers are swept at the next start', async (t) => {
  const store = temporaryDirectory(t);
  const server = await first(t, store);
  await server.logged('model version serves');
  const before = await predict(server.url, [CAR]);
  assert.equal((await trainOnCars(server.url, '&epochs=100000&patience=100000')).status, 202);
  assert.ok((await versions(store)).some((name) => name.startsWith('.staging')));
  assert.deepEqual(await server.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });

  const again = await first(t, store);
  await again.logged('removed leftovers of an interrupted training');
  await again.logged('model version serves');
  assert.deepEqual(await predict(again.url, [CAR]), before);
  assert.deepEqual(await versions(store), ['1']);
});

for (const [moment, path] of [
  ['before it is published', (store: string, stage: string) => join(store, stage, 'version/card.json')],
  ['when its directory appears', (store: string) => join(store, '2')],
] as const) {
  test(`kill -9 of a training ${moment} leaves a whole version or none`, async (t) => {
    const directory = temporaryDirectory(t);
    const store = join(directory, 'reconstruction_regressor');
    const server = await first(t, directory);
    await server.logged('model version serves');
    const before = await predict(server.url, [CAR]);
    assert.equal((await trainOnCars(server.url, '&epochs=3')).status, 202);
    const stage = (await readdir(store)).find((name) => name.startsWith('.staging')) ?? '';
    const deadline = Date.now() + 20_000;
    while (!existsSync(path(store, stage)) && !existsSync(join(store, '2'))) assert.ok(Date.now() < deadline);
    await server.stop('SIGKILL');

    const again = await first(t, directory);
    const { model_version: version } = await again.logged('model version serves');
    assert.ok(!again.lines.some(({ msg }) => msg.startsWith('model version is broken')));
    assert.ok(
      (await readdir(store)).every((name) => !name.startsWith('.staging')),
      'no stage is left',
    );
    const after = await predict(again.url, [CAR]);
    assert.equal(after.model_version, version);
    if (version === '1') assert.deepEqual(after, before);
  });
}

test('a killed training child fails its job and nothing else', async (t) => {
  const server = await first(t, temporaryDirectory(t));
  await server.logged('model version serves');
  const started = await trainOnCars(server.url, '&epochs=100000&patience=100000');
  const location = `${server.url}${started.headers.get('location')}`;
  process.kill(await childOf(server.child.pid!), 'SIGKILL');
  await (await fetch(`${location}/events`)).text();
  const job = (await (await fetch(location)).json()) as { state: string; error: { code: string } };
  assert.equal(job.state, 'failed');
  assert.equal(job.error.code, 'TRAINING_CRASHED');
  assert.equal((await predict(server.url, [CAR])).model_version, '1');
  assert.equal((await trainOnCars(server.url, '&epochs=1')).status, 202);
});

test('a broken newest version is skipped with an error in the log, and the one before it serves', async (t) => {
  const store = temporaryDirectory(t);
  const server = await first(t, store);
  await server.logged('model version serves');
  assert.equal((await trainOnCars(server.url, '&wait=true&epochs=2&promote=always')).status, 200);
  await server.stop('SIGTERM');
  const file = join(store, 'reconstruction_regressor/2/weights.bin');
  const bytes = await readFile(file);
  bytes[100]! ^= 1;
  await writeFile(file, bytes);

  const again = await first(t, store);
  const line = await again.logged('model version is broken and was skipped');
  assert.equal(line['model_version'], '2');
  await again.logged('model version serves');
  assert.equal((await predict(again.url, [CAR])).model_version, '1');
});

test('if all versions are broken, no other model takes their place unasked', async (t) => {
  const store = temporaryDirectory(t);
  const server = await first(t, store);
  await server.logged('model version serves');
  await server.stop('SIGTERM');
  await writeFile(join(store, 'reconstruction_regressor/1/baseline.json'), '');

  const again = await first(t, store);
  await again.logged('there is no model to serve; POST /train can still make one');
  const response = await fetch(`${again.url}/readyz`);
  assert.equal(response.status, 503);
  assert.match(await response.text(), /no model: none of the 1 versions in .* is intact, as the log says; POST/);
  assert.deepEqual(await versions(store), ['1']);
  assert.equal((await trainOnCars(again.url, '&wait=true&epochs=2')).status, 200);
  assert.equal((await predict(again.url, [CAR])).model_version, '2');
});

test('a version that was uploaded does not serve, nor after a restart', async (t) => {
  const store = temporaryDirectory(t);
  const server = await first(t, store);
  await server.logged('model version serves');
  const archive = await (await fetch(`${server.url}/models/1/archive`)).arrayBuffer();
  const uploaded = await fetch(`${server.url}/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/gzip' },
    body: archive,
  });
  assert.equal(uploaded.headers.get('location'), '/models/2');
  assert.equal((await predict(server.url, [CAR])).model_version, '1');
  await server.stop('SIGTERM');

  const again = await first(t, store);
  await again.logged('model version serves');
  assert.equal((await predict(again.url, [CAR])).model_version, '1');
});

test('SIGTERM finishes what runs, stops a training child, and exits 0', async (t) => {
  const server = await first(t, temporaryDirectory(t));
  await server.logged('model version serves');
  assert.equal((await trainOnCars(server.url, '&epochs=100000&patience=100000')).status, 202);
  const trainer = await childOf(server.child.pid!);

  // A request of which half has arrived is one that runs.
  const { port, hostname } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const body = JSON.stringify({ instances: [CAR] });
  socket.write(
    `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  );
  await fetch(`${server.url}/livez`);
  const ended = server.stop('SIGTERM');
  await server.logged('shutting down');
  socket.write(body.slice(9));
  const [answer] = await once(socket.setEncoding('utf8'), 'data');
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.throws(() => process.kill(trainer, 0), { code: 'ESRCH' });
});

test('it listens and reports why it is not ready when there is nothing to train on', async (t) => {
  const server = await first(t, temporaryDirectory(t), { TRAIN_DATA: 'no-such-file.csv' });
  await server.logged('there is no model to serve');
  const ready = await fetch(`${server.url}/readyz`);
  assert.equal(ready.status, 503);
  assert.match(((await ready.json()) as { error: string }).error, /no-such-file\.csv/);
  const trained = await trainOnCars(server.url, '&wait=true&epochs=3');
  assert.equal(trained.status, 200, await trained.text());
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});

test('the table of the first model is not read in the process that serves', async (t) => {
  if (!existsSync('/proc/self/stat')) {
    t.skip('SKIPPED: this system does not report the CPU time of another process');
    return;
  }
  const directory = temporaryDirectory(t);
  const table = join(directory, 'table.csv');
  await writeFile(table, `y,a,b,c\n${'0.1234,12.25,-3.125,4e3\n5.4321,1.5,2.25,-1e3\n'.repeat(200_000)}`);
  const server = await startServer(t, { MODEL_STORE: directory, TRAIN_DATA: table, TRAIN_TARGET: 'y' });
  const cpuSeconds = async (file: string) => {
    const [, ticks = ''] = (await readFile(file, 'utf8')).split(') ');
    const [user, system] = ticks.split(' ').slice(11, 13).map(Number);
    return (user! + system!) / 100;
  };
  const before = await cpuSeconds(`/proc/${server.child.pid}/stat`);
  await server.logged('training started');
  const own = (await cpuSeconds(`/proc/${server.child.pid}/stat`)) - before;
  const start = process.cpuUsage();
  await csvToTable(createReadStream(table), join(directory, 'here'), ['y']);
  const { user, system } = process.cpuUsage(start);
  const here = (user + system) / 1e6;
  assert.ok(own < here / 3, `${own} s of the process that serves, where reading takes ${here}`);
});

test('an engine that cannot be loaded stops the start in one line', (t) => {
  const main = fileURLToPath(new URL('../../app/main.js', import.meta.url));
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node');
    t.skip('SKIPPED: @tensorflow/tfjs-node is installed here, so every engine loads');
    return;
  } catch {
    // It is not there, which is what this is about.
  }
  const { status, stderr } = spawnSync(process.execPath, [main], { env: { ENGINE: 'tensorflow' }, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^ENGINE=tensorflow: .*npm run native.*\n$/);
});

test('a JavaScript engine without WebAssembly stops the start in one line', () => {
  const main = fileURLToPath(new URL('../../app/main.js', import.meta.url));
  for (const [engine, part] of [
    ['auto', 'kernel'],
    ['cpu', 'drift monitor'],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, ['--jitless', main], {
      env: { ENGINE: engine },
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    const reason = `this JavaScript engine has no WebAssembly SIMD, which the ${part} needs`;
    // V8 prints a warning of its own about the flag.
    const printed = stderr.replace(/^Warning: disabling flag .*\n/, '');
    assert.equal(printed, `ENGINE=${engine}: ${reason}; run Node.js without --jitless\n`);
  }
});

test('a port in use stops the start in one line', async (t) => {
  const main = fileURLToPath(new URL('../../app/main.js', import.meta.url));
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const env = { HOST: '127.0.0.1', PORT: String(port), MODEL_STORE: temporaryDirectory(t) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main], { env, encoding: 'utf8' });
  assert.deepEqual([status, stdout], [1, '']);
  assert.equal(stderr, `HOST=127.0.0.1 PORT=${port}: the port is in use\n`);
});

test('a bad setting stops the start and names itself', () => {
  const main = fileURLToPath(new URL('../../app/main.js', import.meta.url));
  for (const [name, value] of [
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['ENGINE', 'abacus'],
    ['LOG_LEVEL', 'loud'],
    ['MAX_ROWS', '0'],
    ['MODEL_NAME', '../escape'],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [main], { env: { [name]: value }, encoding: 'utf8' });
    assert.equal(status, 1, name);
    assert.match(stderr, new RegExp(`^configuration: .*${name}`), name);
  }
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';
import { Container, createVolume, HARDENED, TOOLS } from './container.js';
import { docker, missingCommand, missingDaemon } from './docker.js';
import { Prometheus } from './prometheus.js';

// `npm run test:docker`: builds and runs the image with the Docker daemon of a Linux host.

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const CARS = join(ROOT, 'data/auto-mpg.csv');
const IMAGE = 'reconstruction-regressor:test';
const CAR = [8, 307, 130, 3504, 12, 70, 1];
/** Options of a training that does not end during the test. */
const ENDLESS = 'epochs=100000&patience=100000';

const skip = await missingDaemon();

before(async () => {
  if (!skip) await docker('build', '--network', 'host', '--tag', IMAGE, ROOT);
});

test('the image has an unprivileged user and only production packages', { skip }, async (t) => {
  const [{ Config, Size }] = JSON.parse(await docker('image', 'inspect', IMAGE));
  assert.equal(Config.User, '1000:1000');
  assert.deepEqual(Config.Entrypoint, ['node', '--disable-sigusr1', 'dist/app/main.js']);
  assert.deepEqual(Config.Healthcheck.Test, ['CMD', 'node', 'dist/app/health-check.js']);
  assert.deepEqual(Object.keys(Config.Volumes).sort(), ['/app/audit', '/app/models']);

  const files = await filesOf(t);
  const paths = files.map(({ path }) => path);
  const isPackage = (name: string) => paths.includes(`app/node_modules/${name}/package.json`);
  assert.ok(isPackage('pino'));
  for (const excluded of ['typescript', 'assemblyscript', '@biomejs/biome', '@tensorflow/tfjs-node']) {
    assert.ok(!isPackage(excluded), excluded);
  }
  assert.deepEqual(
    paths.filter((path) => path.endsWith('.map')),
    [],
  );
  const own = files.reduce((sum, { path, size }) => sum + (path.startsWith('app/') ? size : 0), 0) / 1e6;
  t.diagnostic(`size: ${(Size / 1e6).toFixed(0)} MB, of which ${own.toFixed(0)} MB are in /app`);
  assert.ok(own < 80, `${own} MB in /app`);
});

test('the image does not open the service to a network unless that has been decided', { skip }, async () => {
  const run = (...args: string[]) => docker('run', '--rm', '--network', 'none', ...args, IMAGE);
  await assert.rejects(run(), { message: /configuration: HOST=0\.0\.0\.0 .*AUTH=keys.*AUTH=off/ });
  await assert.rejects(run('--env', 'AUTH=nobody'), { message: /configuration: AUTH/ });
});

test('the image has no shell, no package manager and no other program than Node.js', { skip }, async (t) => {
  const programs = (await filesOf(t)).filter(({ path, mode }) => mode.includes('x') && !path.startsWith('app/'));
  assert.deepEqual(
    programs.map(({ path }) => path).filter((path) => !/\.so(\.\d+)*$/.test(path)),
    ['usr/local/bin/node'],
  );
  for (const program of ['sh', 'bash', 'npm', 'apt-get', 'dpkg', 'curl']) {
    await assert.rejects(
      docker('run', '--rm', '--network', 'none', '--entrypoint', program, IMAGE),
      /not found/,
      program,
    );
  }
});

test('the image lists what it holds: a bill of materials, licences, and the packages of the system', {
  skip,
}, async () => {
  const script = `const fs = require('node:fs');
    const bom = JSON.parse(fs.readFileSync('sbom.cdx.json', 'utf8'));
    const names = (folder) => fs.readdirSync(folder).filter((name) => !name.startsWith('.'));
    const installed = names('node_modules').flatMap((name) =>
      name.startsWith('@') ? names('node_modules/' + name).map((inner) => name + '/' + inner) : [name]);
    const listed = bom.components.map(({ name }) => name);
    console.log(JSON.stringify({
      format: bom.bomFormat,
      listed,
      unlisted: installed.filter((name) => !listed.includes(name)),
      licences: fs.readFileSync('THIRD-PARTY-LICENCES.txt', 'utf8').length,
      system: fs.readdirSync('/var/lib/dpkg/status.d'),
    }));`;
  const args = ['run', '--rm', '--network', 'none', '--entrypoint', 'node', IMAGE, '-e', script];
  const { format, listed, unlisted, licences, system } = JSON.parse(await docker(...args));
  assert.equal(format, 'CycloneDX');
  assert.deepEqual(unlisted, []);
  // In the bundles only.
  for (const bundled of ['fastify', 'preact', 'apache-arrow']) assert.ok(listed.includes(bundled), bundled);
  assert.ok(!listed.includes('typescript'));
  assert.ok(licences > 100_000);
  for (const name of ['libc6', 'libstdc++6']) assert.ok(system.includes(name), name);
});

test('the container starts, predicts, is scraped, retrains and stops, and a new container continues on its volume', {
  skip,
}, async (t) => {
  const volume = await createVolume(t);
  const service = await Container.run(IMAGE, volume);
  await service.ready();
  await until('the container is healthy', 30, async () => (await service.state()).Health.Status === 'healthy');

  const first = await service.predict([CAR]);
  assert.equal(first.model_version, '1');
  assert.ok(Math.abs(first.predictions[0]![0]! - 18) < 6, `18 mpg in the table, predicted ${first.predictions}`);
  assert.match(await service.metrics(), /^model_reconstruction_loss \d/m);

  const trained = await service.train(CARS, 'wait=true&seed=7');
  assert.equal(trained.status, 200, await trained.text());
  const second = await service.predict([CAR]);
  assert.equal(second.model_version, '2');
  assert.deepEqual(await service.feedback([CAR], [18]), { rows: 1, dropped: 0, kept_rows: 1, model_version: '2' });
  assert.notDeepEqual(second.predictions, first.predictions);

  t.diagnostic(`peak memory: ${(await service.peakMemory()).toFixed(0)} MiB`);
  await stop(service);
  const successor = await Container.run(IMAGE, volume);
  await successor.ready();
  assert.deepEqual(await successor.predict([CAR]), second);
  assert.equal((await successor.feedback([CAR], [18])).kept_rows, 2);
});

test('keys that the image makes in a volume count in the service, until they are revoked there', {
  skip,
}, async (t) => {
  const keys = await createVolume(t);
  const audit = await createVolume(t);
  const environment = ['--env', 'API_KEYS=/app/keys/keys', '--env', 'AUDIT_LOG=/app/audit/keys.log'];
  const mounts = ['--volume', `${keys}:/app/keys`, '--volume', `${audit}:/app/audit`];
  const command = (...args: string[]) =>
    docker('run', '--rm', '--network', 'none', ...HARDENED, ...mounts, ...environment, IMAGE, ...args);
  const key = await command('keys', 'create', '--name', 'ci', '--scopes', 'predict');
  assert.match(key, /^rr_[a-z0-9]+_[\w-]{43}$/, 'nothing else is printed to standard output');
  const [, id] = key.split('_');
  assert.match(await command('keys', 'list'), new RegExp(`${id} .*ci`));
  const rights = [...HARDENED, '--volume', `${keys}:/app/keys:ro`, '--env', 'API_KEYS=/app/keys/keys'];
  const service = await Container.run(IMAGE, await createVolume(t), { rights, auth: 'keys' });
  await service.ready();
  const statusOf = async (headers: Record<string, string> = {}, path = '/predict') => {
    const body = JSON.stringify({ instances: [CAR] });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    return (await fetch(service.url + path, init)).status;
  };
  const authorization = `Bearer ${key}`;
  assert.deepEqual([await statusOf(), await statusOf({ authorization })], [401, 200]);
  assert.equal(await statusOf({ authorization }, '/models/rollback'), 403);
  await command('keys', 'revoke', id!);
  await until('the key is revoked', 20, async () => (await statusOf({ authorization })) === 401);
  assert.match(await command('audit', 'verify', '/app/audit/keys.log'), /4 whole entries/);
});

test('the service has no privileges and can write only to its models', { skip }, async (t) => {
  const service = await Container.run(IMAGE, await createVolume(t));
  await service.ready();
  const status = await service.run("console.log(fs.readFileSync('/proc/1/status', 'utf8'))");
  assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m);
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  const write = (path: string) => service.run(`fs.writeFileSync('${path}', '')`);
  await write('/app/models/file');
  await write('/app/audit/file');
  for (const place of ['/app/file', '/app/data/file', '/app/keys/file', '/tmp/file']) {
    await assert.rejects(write(place), /EROFS/, place);
  }
});

test('four concurrent requests of maximum size during a training stay within the memory of compose.yaml', {
  skip,
}, async (t) => {
  const service = await Container.run(IMAGE, await createVolume(t));
  await service.ready();
  const accepted = await service.train(CARS, ENDLESS);
  // 100,000 rows of numbers with all digits: 13 MiB of the maximum body of 16 MiB.
  const rows = Array.from({ length: 100_000 }, (_, i) => CAR.map((value) => value * (1 + Math.sin(i) / 10)));
  for (const { predictions } of await Promise.all([1, 2, 3, 4].map(() => service.predict(rows)))) {
    assert.equal(predictions.length, rows.length);
  }
  assert.equal((await service.job(accepted)).state, 'running');
  t.diagnostic(`peak memory: ${(await service.peakMemory()).toFixed(0)} MiB`);
  const { Status, OOMKilled } = await service.state();
  assert.deepEqual({ Status, OOMKilled }, { Status: 'running', OOMKilled: false });
});

test('docker stop during a training loses no version', { skip }, async (t) => {
  await stopWhileTraining(t, stop);
});

test('SIGKILL during a training loses no version, and the next start removes its leftovers', { skip }, async (t) => {
  await stopWhileTraining(t, async (service) => {
    await docker('kill', service.id);
    assert.deepEqual(await ending(service), { Status: 'exited', OOMKilled: false, ExitCode: 137 });
  });
});

test('SageMaker: `train` writes a version to /opt/ml/model, which `serve` serves', { skip }, async (t) => {
  const volume = await createOptMl(t, { target: 'mpg', epochs: '20', seed: '7' });
  // Like the platform: as root, with environment variables that describe the job.
  const job = ['--env', 'TRAINING_JOB_NAME=cars', '--env', 'TRAINING_JOB_ARN=arn:aws:sagemaker:x:1:training-job/cars'];
  const root = ['--user', '0', '--volume', `${volume}:/opt/ml`];
  const log = await docker('run', '--rm', '--network', 'none', ...root, ...job, IMAGE, 'train');
  assert.match(log, /"msg":"training ended"/);
  assert.match(log, /"training_job":"cars"/);

  const read = ['--volume', `${volume}:/opt/ml:ro`];
  for (const rights of [root, [...HARDENED, ...read]]) {
    const service = await Container.run(IMAGE, await createVolume(t), { rights, args: ['serve'] });
    await service.ready();
    assert.equal((await fetch(`${service.url}/ping`)).status, 200);
    const reply = await fetch(`${service.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', accept: 'text/csv' },
      body: CAR.join(),
    });
    const mpg = Number(await reply.text());
    assert.ok(Math.abs(mpg - 18) < 6, `18 mpg in the table, predicted ${mpg}`);
    await stop(service);
  }
});

test('SageMaker: a failed `train` reports the reason', { skip }, async (t) => {
  const volume = await createOptMl(t, { target: 'mpg', epochs: 'many' });
  const run = (...args: string[]) =>
    docker('run', '--rm', '--network', 'none', '--volume', `${volume}:/opt/ml`, ...args);
  await assert.rejects(run('--user', '0', IMAGE, 'train'), { message: /hyperparameters\.epochs/ });
  const failure = await run('--entrypoint', 'cat', TOOLS, '/opt/ml/output/failure');
  assert.match(failure, /^INVALID_REQUEST: hyperparameters\.epochs: .*got "many"$/);
  // The default user of the image cannot write to directories of root.
  const other = await createOptMl(t, { target: 'mpg', epochs: '1' });
  const own = docker('run', '--rm', '--network', 'none', '--volume', `${other}:/opt/ml`, IMAGE, 'train');
  await assert.rejects(own, { message: /EACCES: permission denied.*\/opt\/ml\/model/ });
});

const noPrometheus = skip || (await missingCommand('prometheus', '--version'));
test('a Prometheus with this configuration scrapes the container', { skip: noPrometheus }, async (t) => {
  const service = await Container.run(IMAGE, await createVolume(t));
  await service.ready();
  await service.predict([CAR]);
  const loss = Number(/^model_reconstruction_loss (.*)$/m.exec(await service.metrics())?.[1]);
  const configuration = join(ROOT, 'deploy/prometheus');
  const prometheus = await Prometheus.start(t, configuration, new URL(service.url).host);
  await prometheus.sees('up{job="reconstruction-regressor"}', 1);
  await prometheus.sees('model_reconstruction_loss{job="reconstruction-regressor"}', loss);
});

/** Stops a container during a training, starts it again, and asserts that it serves the previous version. */
async function stopWhileTraining(t: TestContext, end: (service: Container) => Promise<void>): Promise<void> {
  const service = await Container.run(IMAGE, await createVolume(t));
  await service.ready();
  const before = await service.predict([CAR]);
  const accepted = await service.train(CARS, ENDLESS);
  await until('the training has started', 20, async () => (await service.job(accepted)).epoch > 0);
  await end(service);

  await docker('start', service.id);
  await service.ready();
  assert.deepEqual(await service.predict([CAR]), before);
  const names = await service.run("console.log(JSON.stringify(fs.readdirSync('models/reconstruction_regressor')))");
  const left = JSON.parse(names) as string[];
  assert.deepEqual(
    left.filter((name) => /^\d|^\.staging/.test(name)),
    ['1'],
  );
}

/** Creates a volume for /opt/ml with the contents and owner, root, of SageMaker. */
async function createOptMl(t: TestContext, hyperparameters: Readonly<Record<string, string>>): Promise<string> {
  const volume = await createVolume(t);
  const config = '/opt/ml/input/config';
  const steps = [
    `mkdir -p ${config} /opt/ml/input/data/train /opt/ml/model /opt/ml/output`,
    'cp /data/auto-mpg.csv /opt/ml/input/data/train/',
    `echo '${JSON.stringify(hyperparameters)}' > ${config}/hyperparameters.json`,
    `echo '{"train":{"ContentType":"text/csv","TrainingInputMode":"File"}}' > ${config}/inputdataconfig.json`,
    `echo '{"current_host":"algo-1","hosts":["algo-1"]}' > ${config}/resourceconfig.json`,
  ];
  const mount = ['--user', '0', '--volume', `${volume}:/opt/ml`, '--volume', `${join(ROOT, 'data')}:/data:ro`];
  await docker('run', '--rm', '--network', 'none', ...mount, '--entrypoint', 'sh', TOOLS, '-c', steps.join(' && '));
  return volume;
}

/** Runs `docker stop`, which sends SIGTERM and, ten seconds later, SIGKILL. The latter would cause exit code 137. */
async function stop(service: Container): Promise<void> {
  const started = performance.now();
  await docker('stop', service.id);
  assert.deepEqual(await ending(service), { Status: 'exited', OOMKilled: false, ExitCode: 0 });
  assert.ok(performance.now() - started < 10_000);
}

async function ending(service: Container): Promise<object> {
  const { Status, OOMKilled, ExitCode } = await service.state();
  return { Status, OOMKilled, ExitCode };
}

/** Files that Docker itself puts into each container. */
const DOCKERS = /^(\.dockerenv|dev\/.*|etc\/(hostname|hosts|resolv\.conf|mtab))$/;

/** Lists the files of the image, with their modes as `ls` shows them. Paths have no leading slash. */
async function filesOf(t: TestContext): Promise<{ path: string; mode: string; size: number }[]> {
  const archive = join(temporaryDirectory(t), 'image.tar');
  const id = await docker('create', IMAGE);
  await docker('export', '--output', archive, id).finally(() => docker('rm', '--volumes', id));
  const { stdout } = await promisify(execFile)('tar', ['--list', '--verbose', '--file', archive], {
    maxBuffer: 2 ** 26,
  });
  const lines = Array.from(stdout.matchAll(/^(-\S+) +\S+ +(\d+) \S+ \S+ (.*)$/gm));
  return lines
    .map(([, mode, size, path]) => ({ mode: mode!, size: Number(size), path: path! }))
    .filter(({ path }) => !DOCKERS.test(path));
}

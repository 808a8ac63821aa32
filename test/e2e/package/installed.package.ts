import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';

// The package as others get it: `npm run package` has packed it, and npm installs it into an empty directory, with what it needs from
// the registry, for each version of Node that is here.

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const MB = 2 ** 20;
const TARBALL = newest(
  readdirSync(join(ROOT, 'dist'))
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(ROOT, 'dist', name)),
);
const CARS = 'node_modules/reconstruction-regressor/data/auto-mpg.csv';
const CAR = { instances: [[8, 307, 130, 3504, 12, 70, 1]] };

const PLUGIN = `import fastify from 'fastify';
  import reconstructionRegressor from 'reconstruction-regressor';
  const app = fastify();
  app.register(reconstructionRegressor, { modelStore: 'models', prefix: '/models/cars' });
  await app.listen({ port: PORT });`;
const SERVER = `import { buildApp } from 'reconstruction-regressor';
  const server = await buildApp({ MODEL_STORE: 'models', TRAIN_DATA: 'data/auto-mpg.csv', AUTH: 'off', LOG_LEVEL: 'error' });
  const reply = await server.inject('/readyz');
  await server.close();
  process.stdout.write(String(reply.statusCode));`;

function newest(files: readonly string[]): string {
  const [latest] = files.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  assert.ok(latest, 'there is no tarball: npm run package');
  return latest;
}

/** The versions of Node that are here, by their numbers: this one, and those of `.ci/other-nodes`. */
function nodes(): Map<string, string> {
  const cache = join(ROOT, '.cache/nodes');
  const own = process.versions.node.split('.')[0]!;
  const others = existsSync(cache) ? readdirSync(cache).filter((name) => /^\d+$/.test(name)) : [];
  return new Map([[own, process.execPath], ...others.map((name) => [name, join(cache, name, 'bin/node')] as const)]);
}

function run(directory: string, node: string, ...[command, ...args]: string[]) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH']}`, NO_COLOR: '1' };
  const { status, stdout, stderr, error } = spawnSync(command!, args, { cwd: directory, env, encoding: 'utf8' });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** Bytes of the files below a directory. */
function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const found = lstatSync(join(directory, name));
    return found.isFile() ? sum + found.size : sum;
  }, 0);
}

/** Installs the package into an empty directory. */
function install(t: TestContext, node: string): string {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
  const { status, stderr } = run(directory, node, 'npm', 'install', '--no-audit', '--no-fund', TARBALL);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /warn/i);
  return directory;
}

/** Installs Fastify, as an application that registers the plugin has it. */
function addFastify(directory: string, node: string): void {
  const { status, stderr } = run(directory, node, 'npm', 'install', '--no-audit', '--no-fund', 'fastify@5');
  assert.equal(status, 0, stderr);
}

/** Starts a program of the directory, which the test ends. */
function start(
  t: TestContext,
  directory: string,
  node: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  const child = spawn(node, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function predict(url: string): Promise<{ predictions: number[][] }> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}/predict`, { method: 'POST', headers, body: JSON.stringify(CAR) });
  assert.equal(reply.status, 200, await reply.clone().text());
  return (await reply.json()) as { predictions: number[][] };
}

test('the tarball is small, and has no tests, sources and source maps', () => {
  const { size } = statSync(TARBALL);
  assert.ok(size < 5 * MB, `${size} bytes`);
  const files = run(ROOT, process.execPath, 'tar', 'tzf', TARBALL).stdout.trim().split('\n');
  const strange = files.filter(
    (name) => !/^package\/(dist\/(app|types)\/|data\/|package\.json$|[A-Z]+(\.md)?$)/.test(name),
  );
  assert.deepEqual(strange, []);
  assert.ok(!files.some((name) => name.endsWith('.map')));
});

for (const [version, node] of nodes()) {
  test(`on Node ${version}, it installs into an empty directory and predicts, as a command and as a plugin`, async (t) => {
    const began = performance.now();
    const directory = install(t, node);
    const installed = performance.now();
    const size = sizeOf(join(directory, 'node_modules'));
    assert.ok(size < 60 * MB, `${size} bytes are installed`);
    assert.ok(!existsSync(join(directory, 'node_modules/@tensorflow')));

    const bin = join('node_modules', '.bin', 'reconstruction-regressor');
    assert.match(run(directory, node, bin, '--help').stdout, /serve/);
    const port = await freePort();
    const served = performance.now();
    start(t, directory, node, [bin, 'serve', '--port', String(port)]);
    await until('a model serves', 120, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    const { predictions } = await predict(`http://127.0.0.1:${port}`);
    assert.ok(predictions[0]![0]! > 5 && predictions[0]![0]! < 30, String(predictions));
    const seconds = (from: number, to = performance.now()) => `${((to - from) / 1000).toFixed(1)} s`;
    t.diagnostic(`Node ${version}: installed ${(size / MB).toFixed(0)} MB in ${seconds(began, installed)}`);
    t.diagnostic(`Node ${version}: first prediction ${seconds(served)} after the start`);

    addFastify(directory, node);
    const ownPort = await freePort();
    writeFileSync(join(directory, 'plugin.js'), PLUGIN.replace('PORT', String(ownPort)));
    writeFileSync(join(directory, 'server.js'), SERVER);
    assert.match(run(directory, node, node, 'server.js').stdout, /200$/);
    start(t, directory, node, ['plugin.js']);
    await until(
      'the plugin serves',
      60,
      async () => (await fetch(`http://127.0.0.1:${ownPort}/models/cars/readyz`)).ok,
    );
    assert.deepEqual((await predict(`http://127.0.0.1:${ownPort}/models/cars`)).predictions, predictions);
  });
}

test('what needs TensorFlow.js says so where it is missing', (t) => {
  const directory = install(t, process.execPath);
  const imported = run(
    directory,
    process.execPath,
    process.execPath,
    '--eval',
    "import('reconstruction-regressor/regressor')",
  );
  assert.match(
    imported.stderr,
    /Error: TensorFlow\.js, an optional peer dependency, is not installed: npm install @tensorflow\/tfjs-core /,
  );
  const command = run(
    directory,
    process.execPath,
    ...['env', 'ENGINE=tfjs', 'node_modules/.bin/reconstruction-regressor', 'train', CARS, '--target', 'mpg'],
  );
  assert.equal(command.status, 2);
  assert.match(
    command.stderr,
    /^error: ENGINE=tfjs: TensorFlow\.js, an optional peer dependency, is not installed: .*\n$/,
  );
  const main = 'node_modules/reconstruction-regressor/dist/app/main.js';
  for (const engine of ['tfjs', 'wasm', 'tensorflow']) {
    const served = run(directory, process.execPath, 'env', `ENGINE=${engine}`, 'PORT=0', process.execPath, main);
    assert.equal(served.status, 1);
    assert.match(
      served.stderr,
      new RegExp(`^ENGINE=${engine}: TensorFlow\\.js, an optional peer dependency, is not installed: .*\\n$`),
    );
  }
});

test("its types fit a strict consumer's", (t) => {
  const directory = install(t, process.execPath);
  addFastify(directory, process.execPath);
  link(directory, '@types/node', 'undici-types');
  const { status, stdout } = compile(
    directory,
    `import fastify, { type FastifyInstance } from 'fastify';
     import regressor, { buildApp, reconstructionRegressor, type ReconstructionRegressorOptions } from 'reconstruction-regressor';
     import * as client from 'reconstruction-regressor/client';
     const options: ReconstructionRegressorOptions = { modelStore: 'models', retrain: 'on_drift', maxRows: 10 };
     const app = fastify();
     app.register(reconstructionRegressor, { ...options, prefix: '/models/price' });
     await app.register(regressor, { prefix: '/models/rent' });
     // @ts-expect-error: there is no such option
     app.register(reconstructionRegressor, { port: 8080 });
     // @ts-expect-error: not a number
     app.register(reconstructionRegressor, { maxRows: '10' });
     const alone: FastifyInstance = await buildApp({ MODEL_STORE: 'models' });
     export { alone, app, client };`,
    { skipLibCheck: false },
  );
  assert.equal(status, 0, stdout);
});

test("the types of the TensorFlow.js class fit a strict consumer's, and the class trains", (t) => {
  const directory = install(t, process.execPath);
  // With what TensorFlow.js refers to.
  const packages = ['@types/node', 'undici-types', '@tensorflow', '@webgpu/types', '@types/long', 'long', 'seedrandom'];
  link(directory, ...packages.filter((name) => existsSync(join(ROOT, 'node_modules', name))));
  const program = `import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-cpu';
    import { Nadam, ReconstructionRegressor } from 'reconstruction-regressor/regressor';
    const regressor = new ReconstructionRegressor(1, { hidden: [8], seed: 42 });
    regressor.compile({ optimizer: new Nadam(0.01) });
    const { history } = await regressor.fit(tf.ones([8, 3]), tf.ones([8, 1]), { epochs: 2 });
    console.log(history['loss']?.length, regressor.predict(tf.ones([2, 3])).shape);`;
  // The declarations of TensorFlow.js itself have errors.
  const { status, stdout } = compile(
    directory,
    `${program}
    const typed: ReconstructionRegressor = regressor;
    // @ts-expect-error: not a number of outputs
    new ReconstructionRegressor('1');
    // @ts-expect-error: there is no such option
    new ReconstructionRegressor(1, { layers: 2 });
    // @ts-expect-error: the optimizer is missing
    typed.compile({});`,
    { skipLibCheck: true },
  );
  assert.equal(status, 0, stdout);
  writeFileSync(join(directory, 'program.js'), program);
  const ran = run(directory, process.execPath, process.execPath, 'program.js');
  assert.match(ran.stdout, /^2 \[ 2, 1 \]$/m, ran.stderr);
});

/** Adds packages of this checkout to an installation. */
function link(directory: string, ...names: string[]): void {
  for (const name of names) {
    const path = join(directory, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), path);
  }
}

/** Checks the types of a module in an installation. */
function compile(directory: string, module: string, options: { readonly skipLibCheck: boolean }) {
  writeFileSync(join(directory, 'consumer.ts'), module);
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const target = { module: 'nodenext', target: 'es2023', noEmit: true, types: ['node'] };
  const config = { compilerOptions: { ...strict, ...target, ...options }, files: ['consumer.ts'] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  return run(directory, process.execPath, process.execPath, tsc, '--project', directory);
}

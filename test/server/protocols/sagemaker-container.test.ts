import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const MAIN = fileURLToPath(new URL('../../../app/main.js', import.meta.url));
const CARS = fileURLToPath(new URL('../../../../data/auto-mpg.csv', import.meta.url));
const ROW = '8,307,130,3504,12,70,1';

/** A directory as SageMaker mounts it at /opt/ml: the cars in two files, hyper-parameters as text. */
async function mount(t: TestContext, hyperparameters: Record<string, string>): Promise<string> {
  const base = temporaryDirectory(t);
  const [header, ...lines] = readFileSync(CARS, 'utf8').trimEnd().split('\n');
  for (const name of ['input/config', 'input/data/train', 'model']) mkdirSync(join(base, name), { recursive: true });
  writeFileSync(join(base, 'input/data/train/part-0.csv'), [header, ...lines.slice(0, 200)].join('\n'));
  writeFileSync(join(base, 'input/data/train/part-1.csv'), `\uFEFF${[header, ...lines.slice(200)].join('\r\n')}`);
  writeFileSync(join(base, 'input/config/hyperparameters.json'), JSON.stringify(hyperparameters));
  const channels = {
    train: { ContentType: 'text/csv', TrainingInputMode: 'File', S3DistributionType: 'FullyReplicated' },
  };
  writeFileSync(join(base, 'input/config/inputdataconfig.json'), JSON.stringify(channels));
  writeFileSync(join(base, 'input/config/resourceconfig.json'), '{"current_host": "algo-1", "hosts": ["algo-1"]}');
  return base;
}

/** The outcome of `train`: its exit code, and the file that describes a failure. */
async function train(base: string): Promise<{ code: number; failure: string }> {
  const child = spawn(process.execPath, [MAIN, 'train'], {
    env: { PATH: process.env['PATH'], SAGEMAKER_BASE_DIR: base, LOG_LEVEL: 'silent', TRAINING_JOB_NAME: 'job' },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'close')) as [number];
  const file = join(base, 'output/failure');
  return { code, failure: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

test('`train` writes a version that `serve` serves, also after a restart', async (t) => {
  const base = await mount(t, { target: 'mpg', epochs: '2', seed: '7', sagemaker_program: 'x.py' });
  assert.deepEqual(await train(base), { code: 0, failure: '' });
  const card = JSON.parse(readFileSync(join(base, 'model/card.json'), 'utf8'));
  assert.equal(card.data.rows, 398);
  assert.equal(card.training.epochs, 2);
  assert.equal(card.training.seed, 7);
  assert.deepEqual(readdirSync(join(base, 'model')).sort(), [...Object.keys(card.files), 'card.json'].sort());

  const store = temporaryDirectory(t);
  const settings = { SAGEMAKER_BASE_DIR: base, SAGEMAKER_BIND_TO_PORT: '0', MODEL_STORE: store };
  for (let start = 0; start < 2; start++) {
    const server = await startServer(t, settings, { args: ['serve'] });
    await server.logged('model version serves');
    const model = (await (await fetch(`${server.url}/model`)).json()) as { model_version: string; checksum: string };
    assert.equal(model.model_version, '1');
    assert.equal(model.checksum, card.checksum);
    const headers = { 'content-type': 'text/csv', accept: 'text/csv' };
    const reply = await fetch(`${server.url}/invocations`, { method: 'POST', headers, body: ROW });
    assert.equal(reply.status, 200);
    assert.match(await reply.text(), /^\d+\.\d+\n$/);
    assert.equal((await fetch(`${server.url}/ping`)).status, 200);
    await server.stop('SIGTERM');
  }
});

test('an artifact that was changed is not served, and nothing else in its place', async (t) => {
  const base = await mount(t, { target: 'mpg', epochs: '1' });
  assert.equal((await train(base)).code, 0);
  writeFileSync(join(base, 'model/weights.bin'), Buffer.alloc(100));
  const settings = { SAGEMAKER_BASE_DIR: base, MODEL_STORE: temporaryDirectory(t) };
  const server = await startServer(t, settings, { args: ['serve'] });
  await server.logged('there is no model to serve');
  const ping = await fetch(`${server.url}/ping`);
  assert.equal(ping.status, 404);
  assert.match(await ping.text(), /INVALID_ARCHIVE/);
});

const FAILURES: [what: string, prepare: (base: string) => void, reason: RegExp][] = [
  [
    'an unknown hyper-parameter',
    (base) => configure(base, { target: 'mpg', epocs: '1' }),
    /hyperparameters\.epocs: expected target, epochs/,
  ],
  [
    'a hyper-parameter that is no number',
    (base) => configure(base, { target: 'mpg', epochs: 'ten' }),
    /hyperparameters\.epochs: .*"ten"/,
  ],
  ['no target', (base) => configure(base, { epochs: '1' }), /hyperparameters\.target: expected/],
  ['a target that is no column', (base) => configure(base, { target: 'price' }), /UNKNOWN_COLUMN: .*price/],
  ['no files', (base) => emptyChannel(base), /channel train: expected CSV files/],
  [
    'files of different columns',
    (base) => writeFileSync(join(base, 'input/data/train/part-1.csv'), 'a,b\n1,2\n'),
    /expected the header of the first file/,
  ],
  [
    'no channel',
    (base) => writeFileSync(join(base, 'input/config/inputdataconfig.json'), '{}'),
    /expected a channel train or training, got none/,
  ],
  [
    'a channel of another mode',
    (base) =>
      writeFileSync(join(base, 'input/config/inputdataconfig.json'), '{"train": {"TrainingInputMode": "Pipe"}}'),
    /got Pipe/,
  ],
  [
    'configuration that is no JSON',
    (base) => writeFileSync(join(base, 'input/config/inputdataconfig.json'), '{'),
    /INVALID_JSON/,
  ],
  [
    'several instances',
    (base) => writeFileSync(join(base, 'input/config/resourceconfig.json'), '{"hosts": ["algo-1", "algo-2"]}'),
    /resourceconfig\.hosts: expected one instance, got 2/,
  ],
  [
    'no configuration',
    (base) => rmSync(join(base, 'input/config'), { recursive: true }),
    /hyperparameters\.json cannot be read/,
  ],
];

for (const [what, prepare, reason] of FAILURES) {
  test(`\`train\` fails with ${what}, and says why`, async (t) => {
    const base = await mount(t, { target: 'mpg', epochs: '1' });
    prepare(base);
    const { code, failure } = await train(base);
    assert.equal(code, 1);
    assert.match(failure, reason);
    assert.deepEqual(readdirSync(join(base, 'model')), []);
  });
}

test('another argument than serve and train is refused', async () => {
  const child = spawn(process.execPath, [MAIN, 'fit'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let reported = '';
  child.stderr.on('data', (chunk) => {
    reported += chunk;
  });
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.equal(reported, 'fit: expected serve, train, keys, audit or nothing\n');
});

function configure(base: string, hyperparameters: Record<string, string>): void {
  writeFileSync(join(base, 'input/config/hyperparameters.json'), JSON.stringify(hyperparameters));
}

function emptyChannel(base: string): void {
  for (const name of readdirSync(join(base, 'input/data/train'))) rmSync(join(base, 'input/data/train', name));
}

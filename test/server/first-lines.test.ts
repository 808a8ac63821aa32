import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { firstLines, type Started } from '../../src/server/first-lines.js';
import type { Serving } from '../../src/server/service/prediction/prediction-service.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAIN = join(ROOT, 'dist/app/main.js');
const NO_TERMINAL = spawnSync('script', ['--version']).status === 0 ? false : 'SKIPPED: there is no util-linux script';

/** Runs a command in a terminal until it has printed its first lines, and returns all of its output. */
async function inTerminal(t: TestContext, command: string, cwd: string, env: Record<string, string>): Promise<string> {
  const child = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text.replaceAll('\r', '');
  });
  await until('the first lines are printed', 120, async () => /^Log .*\n/m.test(output));
  return output;
}

/** The first lines in an output: their names and texts. */
function linesOf(output: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(output.matchAll(/^(Serves|Open|Try|Train|Log) +(.*)$/gm), ([, name, text]) => [name, text]),
  );
}

function shell(command: string, cwd: string): string {
  const silent = command.replaceAll('curl ', 'curl -sS --fail-with-body ');
  const { status, stdout, stderr } = spawnSync('bash', ['-c', silent], { cwd, encoding: 'utf8' });
  assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
  return stdout;
}

test('a terminal gets five lines after the log, whose commands work', { skip: NO_TERMINAL }, async (t) => {
  const directory = temporaryDirectory(t);
  const port = String(await freePort());
  const data = join(directory, 'rents.csv');
  const rows = Array.from({ length: 300 }, (_, i) => {
    const rooms = 1 + (i % 5);
    const city = ['Rome', "L'Aquila", 'Bari'][i % 3];
    return `${rooms},${city},${i % 2 === 0},${300 * rooms + 100 * (i % 3) + (i % 7)}`;
  });
  writeFileSync(data, `rooms,"the city's name",balcony,rent\n${rows.join('\n')}\n`);
  const env = { PORT: port, MODEL_STORE: join(directory, 'models'), TRAIN_DATA: data, TRAIN_TARGET: 'rent' };
  const output = await inTerminal(t, `"${process.execPath}" "${MAIN}"`, ROOT, env);
  assert.ok(output.trimEnd().split('\n').at(-1)!.startsWith('Log '), output);
  const lines = linesOf(output);
  assert.equal(lines['Serves'], "reconstruction_regressor, version 1: rent from rooms, the city's name, balcony");
  assert.equal(lines['Open'], `http://localhost:${port} for the page, http://localhost:${port}/docs for the API`);
  const { predictions } = JSON.parse(shell(lines['Try']!, directory)) as { predictions: number[][] };
  assert.ok(predictions[0]![0]! > 0);
  const train = lines['Train']!.replace('COLUMN', 'mpg').replace('FILE.csv', join(ROOT, 'data/auto-mpg.csv'));
  assert.equal((JSON.parse(shell(train, directory)) as { state: string }).state, 'succeeded');
});

test('npm start reads .env, and the environment has precedence', { skip: NO_TERMINAL }, async (t) => {
  // A checkout of its own, so that no .env of the tests' directory is read or written.
  const checkout = temporaryDirectory(t);
  for (const name of ['package.json', 'scripts/build/start.mjs', 'data', 'dist/app']) {
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  }
  // Built after everything else.
  utimesSync(join(checkout, 'dist/app/main.js'), Date.now() / 1000 + 60, Date.now() / 1000 + 60);
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  const port = String(await freePort());
  writeFileSync(
    join(checkout, '.env'),
    `# a comment\nMODEL_NAME=from_env_file\nTRAIN_DATA=data/auto-mpg.csv\nPORT=1\nLOG_LEVEL="debug"\n`,
  );
  const start = `"${process.execPath}" "${join(checkout, 'scripts/build/start.mjs')}"`;
  const output = await inTerminal(t, start, checkout, { PORT: port });
  assert.match(output, /^settings are read from \.env$/m);
  const lines = linesOf(output);
  assert.match(lines['Serves']!, /^from_env_file, version 1: mpg from cylinders, displacement, /);
  assert.match(lines['Open']!, new RegExp(`^http://localhost:${port} `));
  assert.doesNotMatch(lines['Log']!, /LOG_LEVEL/);
  const shown = linesOf(readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8').replaceAll(':8080', `:${port}`));
  for (const name of ['Open', 'Try', 'Train']) assert.equal(lines[name], shown[name], 'docs/getting-started.md');
  assert.equal(lines['Serves'], shown['Serves']!.replace('reconstruction_regressor', 'from_env_file'));
});

test('a .env that cannot be read stops the start in one line', (t) => {
  const directory = temporaryDirectory(t);
  symlinkSync('.env', join(directory, '.env'));
  const start = join(ROOT, 'scripts/build/start.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [start], { cwd: directory, encoding: 'utf8' });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^\.env cannot be read: .+\n$/);
});

const STARTED: Started = {
  model: 'cars',
  serving: 'no version of models serves',
  host: '',
  port: 8080,
  adminPort: 8080,
  isEncrypted: false,
  isClosed: false,
  logLevel: 'info',
};

/** A version of numbers whose features have these names. */
const serving = (features: string[]): Serving =>
  ({
    version: 3,
    card: { features, targets: ['y'], scalers: { features: { mean: features.map((_, j) => j + 0.5) } } },
  }) as unknown as Serving;

test('the first lines say so if nothing serves, and where to look', () => {
  const lines = linesOf(firstLines(STARTED));
  assert.equal(lines['Serves'], 'cars, no version of models serves');
  assert.equal(lines['Try'], "curl 'http://localhost:8080/readyz?verbose'");
});

test('the first lines follow the address, the ports, TLS and credentials', () => {
  const lines = linesOf(
    firstLines({
      ...STARTED,
      serving: serving(['a']),
      host: '::1',
      adminPort: 9090,
      isEncrypted: true,
      isClosed: true,
    }),
  );
  assert.equal(lines['Open'], 'https://[::1]:9090 for the page, https://[::1]:9090/docs for the API');
  assert.match(lines['Try']!, /^curl https:\/\/\[::1\]:8080\/predict -H "authorization: Bearer \$KEY" /);
  assert.match(lines['Train']!, /^curl 'https:\/\/\[::1\]:9090\/train\?.*' -H "authorization: Bearer \$KEY" /);
  assert.match(firstLines({ ...STARTED, host: '0.0.0.0' }), /http:\/\/localhost:8080 /);
});

test('names of columns neither steer the terminal nor break the command, and many are not listed', () => {
  const names = ['a\u001b[2J', 'b\u202e', "it's"];
  const lines = linesOf(firstLines({ ...STARTED, serving: serving(names) }));
  assert.equal(lines['Serves'], "cars, version 3: y from a\\u001b[2J, b\\u202e, it's");
  const body = spawnSync('bash', ['-c', `printf %s ${/ -d (.*)$/.exec(lines['Try']!)![1]}`], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(body.stdout), { instances: [{ [names[0]!]: 0.5, [names[1]!]: 1.5, [names[2]!]: 2.5 }] });
  const wide = linesOf(
    firstLines({ ...STARTED, serving: serving(Array.from({ length: 300 }, (_, j) => `column${j}`)) }),
  );
  assert.match(wide['Serves']!, /: y from column0, .* and 29\d more$/);
  assert.match(wide['Try']!, /^curl http:\/\/localhost:8080\/model /);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  CAR_HEADER,
  CARS,
  COMMAND_LINE,
  carFile,
  carRows,
  type RunningCommand,
  runCommand,
  startCommand,
  storeDirectory,
} from '../support/command-line.js';
import { smallDisk } from '../support/small-disk.js';
import { until } from '../support/until.js';

// However a command ends, it says so, and nothing half-written has its final name.

/** More than a pipe holds. */
const ROWS = 20_000;
const ENDLESS = ['--epochs', '100000', '--patience', '100000'];

/** Returns a directory with a store, and an empty one in it for what a command writes. */
function directories(t: TestContext): { store: string; out: string } {
  const store = storeDirectory(t);
  const out = join(store, 'out');
  mkdirSync(out);
  return { store, out };
}

/** Sends rows, and waits until the command reads them: then it is running. */
async function feed({ child }: RunningCommand): Promise<void> {
  if (!child.stdin!.write(`${CAR_HEADER}\n${carRows(ROWS)}`)) await once(child.stdin!, 'drain');
}

async function assertInterrupted({ child, ended, stderr }: RunningCommand, out: string): Promise<void> {
  child.kill('SIGINT');
  assert.equal(await ended, 130, stderr());
  assert.equal(stderr(), 'interrupted; nothing was left half-written\n');
  assert.deepEqual(readdirSync(out), []);
}

test('Ctrl-C ends a prediction, and leaves no file', async (t) => {
  const { store, out } = directories(t);
  const args = ['predict', '-', '--out', join(out, 'p.csv'), '--rejects', join(out, 'r.csv')];
  const command = startCommand(t, args, { cwd: store });
  await feed(command);
  assert.equal(readdirSync(out).length, 2, 'both are being written, under other names');
  await assertInterrupted(command, out);
});

test('Ctrl-C ends a comparison, and leaves no report', async (t) => {
  const { store, out } = directories(t);
  const command = startCommand(t, ['drift', '-', '--report', join(out, 'd.html')], { cwd: store });
  await feed(command);
  await assertInterrupted(command, out);
});

test('Ctrl-C ends a training with its process, and leaves no directory and no version', async (t) => {
  const { store, out } = directories(t);
  for (const args of [
    ['--out', join(out, 'm')],
    ['--store', out],
  ]) {
    const command = startCommand(t, ['train', CARS, '--target', 'mpg', ...args, ...ENDLESS], { cwd: store });
    const children = () => readFileSync(`/proc/${command.child.pid}/task/${command.child.pid}/children`, 'utf8').trim();
    const hasTable = () => readdirSync(out, { recursive: true }).some((name) => String(name).endsWith('table.json'));
    await until('the trainer runs', 60, async () => hasTable() && children() !== '');
    const [trainer] = children().split(' ');
    command.child.kill('SIGINT');
    assert.equal(await command.ended, 130, command.stderr());
    assert.ok(!existsSync(`/proc/${trainer}`) || /State:\sZ/.test(readFileSync(`/proc/${trainer}/status`, 'utf8')));
    const left = readdirSync(out, { recursive: true }).map(String);
    assert.deepEqual(
      left.filter((name) => name !== 'reconstruction_regressor'),
      [],
    );
  }
});

test('Ctrl-C ends a training that waits for its table, and leaves no temporary file', async (t) => {
  const { store, out } = directories(t);
  const args = ['train', '-', '--target', 'mpg', '--out', join(store, 'm')];
  const command = startCommand(t, args, { cwd: store, env: { TMPDIR: out } });
  await feed(command);
  assert.equal(readdirSync(out).length, 1);
  await assertInterrupted(command, out);
  assert.deepEqual(readdirSync(store).sort(), ['models', 'out']);
});

test('a full disk is reported, and leaves no file', async (t) => {
  const { store, out } = directories(t);
  const file = carFile(store, 'cars.csv', carRows(ROWS));
  const models = join(store, 'models');
  const cases = [
    ['64k', 'predict', file, '--out', 'p.csv', '--store', models],
    ['64k', 'predict', file, '--out', 'p.parquet', '--store', models],
    ['64k', 'predict', file, '--out', 'p.arrow', '--store', models],
    ['4k', 'drift', file, '--report', 'd.html', '--store', models],
    ['64k', 'train', CARS, '--target', 'mpg', '--epochs', '1', '--out', 'm'],
    ['64k', 'train', CARS, '--target', 'mpg', '--epochs', '1', '--store', 's'],
  ];
  for (const [size, ...args] of cases) {
    // What is left is written where it outlives the disk.
    const listing = join(store, 'listing');
    const under = smallDisk(out, size!);
    if (!under) return t.skip('SKIPPED: nothing can be mounted here (unshare --user --mount)');
    const watched = [...under, 'sh', '-c', `"$@"; code=$?; ls -A >"$0"; exit $code`, listing];
    const { code, stderr } = await runCommand(t, args, { cwd: store, under: watched });
    assert.equal(code, 1, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, /^error: .*no space is left on the disk \(ENOSPC\)/);
    assert.doesNotMatch(stderr, /\n.*\n/, 'one line');
    const left = readFileSync(listing, 'utf8').trim();
    assert.ok(left === '' || left === 's', `${args.join(' ')} left ${left}`);
  }
});

test('standard output on a full disk is reported', { skip: !existsSync('/dev/full') }, async (t) => {
  const { store } = directories(t);
  const file = carFile(store, 'cars.csv', carRows(100));
  const under = ['sh', '-c', 'exec "$@" >/dev/full', 'sh'];
  const train = ['train', CARS, '--target', 'mpg', '--epochs', '1', '--promote', 'always'];
  for (const args of [
    ['predict', file],
    ['drift', file],
    ['evaluate', file],
    ['versions', '--json'],
    train,
    ['--help'],
  ]) {
    const { code, stderr } = await runCommand(t, args, { cwd: store, under });
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, /^standard output cannot be written: ENOSPC/m, args.join(' '));
  }
});

test('a reader that leaves ends a command quietly, with its exit code', async (t) => {
  const { store } = directories(t);
  const file = carFile(
    store,
    'cars.csv',
    carRows(ROWS, (weight) => 0.45 * weight),
  );
  const cases: [string[], number][] = [
    [['predict', file], 0],
    [['drift', file], 3],
    [['train', CARS, '--target', 'mpg', '--epochs', '1', '--promote', 'always'], 0],
  ];
  for (const [args, expected] of cases) {
    const command = startCommand(t, args, { cwd: store });
    command.child.stdout!.destroy();
    assert.equal(await command.ended, expected, command.stderr());
    assert.doesNotMatch(command.stderr(), /EPIPE|Error| at /);
  }
});

const NO_TERMINAL = spawnSync('script', ['--version']).status === 0 ? false : 'SKIPPED: there is no util-linux script';

test('in a terminal of 20 columns, commands show how far they are, and end as elsewhere', {
  skip: NO_TERMINAL,
}, async (t) => {
  const { store, out } = directories(t);
  const file = carFile(store, 'cars.csv', carRows(ROWS));
  const cases = [
    ['predict', file, '--out', join(out, 'p.csv')],
    ['drift', file, '--report', join(out, 'd.html')],
    ['train', CARS, '--target', 'mpg', '--epochs', '3', '--out', join(out, 'm')],
  ];
  for (const args of cases) {
    const line = `stty cols 20 rows 10; ${[process.execPath, COMMAND_LINE, ...args].map((arg) => `'${arg}'`).join(' ')}`;
    const { status, stdout } = spawnSync('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      cwd: store,
      env: { PATH: process.env['PATH'], TERM: 'xterm' },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /\d+ %/);
    assert.doesNotMatch(stdout.replaceAll('\u001b', 'ESC'), /ESC\[[\d;]*m/, 'no colours');
  }
  assert.deepEqual(readdirSync(out).sort(), ['d.html', 'm', 'p.csv']);
  assert.equal(readFileSync(join(out, 'p.csv'), 'utf8').split('\n').length, ROWS + 2);
});

test('without a terminal, commands write plain lines', async (t) => {
  const { store, out } = directories(t);
  const file = carFile(store, 'cars.csv', carRows(ROWS));
  const cases = [
    ['predict', file, '--out', join(out, 'p.csv')],
    ['drift', file],
    ['train', CARS, '--target', 'mpg', '--epochs', '3', '--out', join(out, 'm')],
  ];
  for (const args of cases) {
    const { code, stdout, stderr } = await runCommand(t, args, { cwd: store });
    assert.equal(code, 0, stderr);
    assert.ok(!/\r/.test(stdout + stderr) && !(stdout + stderr).includes('\u001b'));
  }
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LogOutput } from '../../../src/server/log/log-output.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';

const LINE = `${'x'.repeat(99)}\n`;

function open(t: TestContext, path: string, flags: number | string): number {
  const descriptor = openSync(path, flags);
  t.after(() => closeSync(descriptor));
  return descriptor;
}

test('lines reach a file in their order', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  const output = new LogOutput(open(t, path, 'a'));
  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}, été\n`);
  for (const line of lines) output.write(line);
  await output.drain(10_000);
  assert.equal(readFileSync(path, 'utf8'), lines.join(''));
  assert.equal(output.dropped, 0);
});

test('a reader that stops costs at most 1 MiB; later lines are dropped, counted, and reported when it reads on', async (t) => {
  const path = join(temporaryDirectory(t), 'pipe');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const descriptor = open(t, path, constants.O_RDWR | constants.O_NONBLOCK);
  const output = new LogOutput(descriptor);
  const reports: number[] = [];
  output.onRecovery = (dropped) => reports.push(dropped);
  for (let i = 0; i < 20_000; i++) output.write(LINE);
  await output.drain(200);
  for (let i = 0; i < 20_000; i++) output.write(LINE);
  const { dropped } = output;
  const pipe = 2 ** 16;
  const kept = 40_000 - dropped;
  assert.ok(kept * LINE.length <= 2 ** 20 + pipe, `${kept} lines`);

  const chunk = Buffer.alloc(2 ** 16);
  let text = '';
  await until('the lines have been read', 20, async () => {
    for (;;) {
      try {
        text += chunk.toString('latin1', 0, readSync(descriptor, chunk));
      } catch {
        return text.length === kept * LINE.length;
      }
    }
  });
  assert.equal(text, LINE.repeat(kept));
  await output.drain(5000);
  assert.equal(
    reports.reduce((sum, lines) => sum + lines, 0),
    dropped,
  );
});

test('lines that a full device refuses are counted', { skip: process.platform !== 'linux' }, async (t) => {
  const output = new LogOutput(open(t, '/dev/full', 'a'));
  output.write(LINE);
  output.write(LINE);
  await until('both lines were dropped', 5, async () => output.dropped === 2);
  output.flush();
});

test('after a full disk, a new line does not continue the one that was torn', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'log');
  const module = fileURLToPath(new URL('../../../src/server/log/log-output.js', import.meta.url));
  // A limit on the size of the file stands for the disk: it accepts the first 1024 bytes only.
  const script = `
    import { openSync, truncateSync } from 'node:fs';
    const { LogOutput } = await import(${JSON.stringify(module)});
    const output = new LogOutput(openSync(${JSON.stringify(path)}, 'a'));
    for (let i = 0; i < 30; i++) output.write(${JSON.stringify(LINE)});
    const timer = setInterval(async () => {
      if (output.dropped === 0) return;
      clearInterval(timer);
      truncateSync(${JSON.stringify(path)}, 150);
      output.write('after\\n');
      await output.drain(5000);
      console.log(output.dropped);
    }, 10);`;
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', 'ulimit -f 1; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  assert.equal(stderr, '');
  assert.equal(readFileSync(path, 'utf8'), `${LINE}${LINE.slice(0, 50)}\nafter\n`);
  assert.equal(Number(stdout), 20);
});

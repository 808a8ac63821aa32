import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand, storeDirectory } from '../support/command-line.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('commands read .env, and the environment has precedence', async (t) => {
  const cwd = storeDirectory(t);
  renameSync(join(cwd, 'models'), join(cwd, 'elsewhere'));
  writeFileSync(join(cwd, '.env'), 'MODEL_STORE=elsewhere\n');
  const versions = async (env = {}) => JSON.parse((await runCommand(t, ['versions', '--json'], { cwd, env })).stdout);
  assert.equal((await versions()).length, 1);
  assert.equal((await versions({ MODEL_STORE: 'nowhere' })).length ?? 0, 0);
});

test('a .env that cannot be read is an error in one line, and a directory of that name is left alone', async (t) => {
  const cwd = temporaryDirectory(t);
  symlinkSync('.env', join(cwd, '.env'));
  const { code, stdout, stderr } = await runCommand(t, ['versions'], { cwd });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /^error: \.env cannot be read: .+\n$/);
  const other = storeDirectory(t);
  mkdirSync(join(other, '.env'));
  assert.equal((await runCommand(t, ['versions'], { cwd: other })).code, 0);
});

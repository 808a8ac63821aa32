import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childrenOf, gone, NO_PROC } from '../../support/child-processes.js';

const CHILD = fileURLToPath(new URL('../../support/computing-child.js', import.meta.url));
const PARENT = `require('node:child_process').fork(process.argv[1]).on('message', () => console.log('computing'))`;

test('a child that computes ends soon after its parent has been killed', { skip: NO_PROC }, async (t) => {
  const parent = spawn(process.execPath, ['-e', PARENT, CHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => parent.kill('SIGKILL'));
  await once(parent.stdout, 'data');
  const [child] = childrenOf(parent.pid!);
  assert.ok(child !== undefined);
  parent.kill('SIGKILL');
  await gone(child, 5);
});

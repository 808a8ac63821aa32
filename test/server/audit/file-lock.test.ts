import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFileLock } from '../../../src/server/audit/file-lock.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('a lock whose file cannot be written, for example on a full disk, is not kept', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'audit.log.lock');
  const handle = await open(join(directory, 'any'), 'w');
  t.mock.method(Object.getPrototypeOf(handle), 'writeFile', () => Promise.reject(new Error('ENOSPC')), { times: 1 });
  await handle.close();

  await assert.rejects(
    withFileLock(path, async () => assert.fail('it ran without the lock')),
    /^Error: ENOSPC$/,
  );
  assert.equal(existsSync(path), false);
  assert.equal(await withFileLock(path, async () => 'done'), 'done');
});

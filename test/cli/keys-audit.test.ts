import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { auditChange } from '../../src/cli/audit/audit-change.js';
import { verifyAudit } from '../../src/server/audit/verify.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const MAIN = fileURLToPath(new URL('../../app/main.js', import.meta.url));

test('keys that are made and revoked are recorded, before and after, without the key', async (t) => {
  const directory = temporaryDirectory(t);
  const [file, path] = [join(directory, 'keys'), join(directory, 'audit.log')];
  const env = { ...process.env, API_KEYS: file, AUDIT_LOG: path };
  const keys = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, 'keys', ...args], { env });
  const { stdout } = await keys('create', '--name', 'ci', '--scopes', 'predict,feedback');
  const key = stdout.trim();
  const [, id] = /^rr_(\w+?)_/.exec(key)!;
  await keys('revoke', id!);
  await assert.rejects(keys('revoke', 'none'));
  const text = readFileSync(path, 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ action, target, outcome }) => [action, target, outcome].join(' ')),
    [
      'key-create  begun',
      `key-create ${id} done`,
      `key-revoke ${id} begun`,
      `key-revoke ${id} done`,
      'key-revoke none begun',
      'key-revoke none failed',
    ],
  );
  assert.deepEqual(lines[1].detail, { name: 'ci', scopes: 'predict,feedback', certificate: null });
  assert.match(lines[0].who, /^user:./);
  assert.equal(lines[0].kind, 'command');
  assert.ok(!text.includes(key) && !text.includes(key.slice(-20)), 'the key is nowhere');
  assert.deepEqual((await verifyAudit([path])).findings, []);
});

test('no key is made that cannot be recorded', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'keys');
  const env = { ...process.env, API_KEYS: file, AUDIT_LOG: join(directory, 'missing', 'audit.log') };
  const create = promisify(execFile)(
    process.execPath,
    [MAIN, 'keys', 'create', '--name', 'ci', '--scopes', 'predict'],
    { env },
  );
  await assert.rejects(create, /cannot be written, and no key is changed without it/);
  assert.ok(!existsSync(file));
});

test('a key that has been made is returned even if its outcome cannot be recorded', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  const reported = t.mock.method(console, 'error', () => {});
  const change = () => {
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    return 'the key';
  };
  const event = { action: 'key-create', target: null } as const;
  assert.equal(await auditChange(path, event, 'no key is changed', change, () => 'id'), 'the key');
  assert.match(String(reported.mock.calls[0]?.arguments[0]), /the outcome is not recorded: .* is not a file$/);
});

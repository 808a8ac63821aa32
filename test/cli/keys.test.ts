import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Rejection } from '../../src/server/access/authenticator.js';
import { readKeyFile } from '../../src/server/access/keys/key-file.js';
import { KeyRing } from '../../src/server/access/keys/key-ring.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const built = (name: string) => fileURLToPath(new URL(`../../app/${name}`, import.meta.url));

function keys(file: string, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'], API_KEYS: file };
  return spawnSync(process.execPath, [built('keys.js'), ...args], { encoding: 'utf8', env });
}

test('a key is made, listed and revoked; it is shown once, and its file holds only a hash', (t) => {
  const file = join(temporaryDirectory(t), 'keys');
  const made = keys(file, 'create', '--name', 'ci', '--scopes', 'predict,feedback', '--expires', '90d');
  assert.equal(made.status, 0, made.stderr);
  const key = made.stdout.trim();
  assert.match(key, /^rr_[0-9a-f]{12}_[\w-]{43}$/);
  assert.match(made.stderr, /^[0-9a-f]{12} \(ci\) may predict, feedback, until \d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
  assert.ok(!readFileSync(file, 'utf8').includes(key.slice(-43)));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const ring = new KeyRing();
  ring.set(readKeyFile(file));
  assert.ok(!(ring.find(key) instanceof Rejection));

  keys(file, 'create', '--name', 'everything', '--scopes', 'admin', '--expires', 'never');
  const id = key.split('_')[1]!;
  const revoked = keys(file, 'revoke', id);
  assert.equal(revoked.status, 0, revoked.stderr);
  assert.equal(revoked.stderr, `${id} (ci) is revoked\n`);
  const { stdout } = keys(file, 'list');
  assert.match(
    stdout,
    new RegExp(
      `^id .*\n${id}  revoked  .*  predict,feedback  ci\n[0-9a-f]{12}  valid    never .* admin .* everything\n$`,
    ),
  );
  assert.ok(!stdout.includes(key.slice(-43)));
  ring.set(readKeyFile(file));
  assert.equal((ring.find(key) as Rejection).reason, 'revoked');
  assert.equal(keys(file, 'revoke', id).status, 0, 'twice is once');
});

test('without --expires, a key is valid for a year', (t) => {
  const file = join(temporaryDirectory(t), 'keys');
  keys(file, 'create', '--name', 'a', '--scopes', 'read');
  const [record] = readKeyFile(file);
  const days = (Date.parse(record!.expires!) - Date.parse(record!.created)) / 86_400_000;
  assert.equal(days, 365);
});

test('what is wrong with a command is said in one line, and nothing is written', (t) => {
  const file = join(temporaryDirectory(t), 'keys');
  keys(file, 'create', '--name', 'a', '--scopes', 'read');
  const before = readFileSync(file, 'utf8');
  for (const [args, expected] of [
    [['create', '--scopes', 'read'], /^keys: --name: expected 1 to 100 printable characters\n$/],
    [['create', '--name', 'a\nb', '--scopes', 'read'], /^keys: --name: expected/],
    [['create', '--name', 'a'], /^keys: --scopes: expected predict, feedback, train, .* admin, got ""\n$/],
    [['create', '--name', 'a', '--scopes', 'read,write'], /^keys: --scopes: expected .*, got "write"\n$/],
    [
      ['create', '--name', 'a', '--scopes', 'read', '--expires', '2020-01-01'],
      /^keys: --expires: expected days such as 90d/,
    ],
    [['create', '--name', 'a', '--scopes', 'read', '--certificate', 'me'], /^keys: --certificate: expected CN=/],
    [['revoke', 'abc'], /^keys: .*keys has no key "abc"; see: keys list\n$/],
    [['destroy'], /^keys: destroy: no such command\nusage:/],
    [['list', '--all'], /^keys: Unknown option '--all'/],
  ] as const) {
    const { status, stderr, stdout } = keys(file, ...args);
    assert.match(stderr, expected);
    assert.equal(status, 1, stderr);
    assert.equal(stdout, '');
  }
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.match(keys('', 'list').stderr, /^keys: expected the file of the keys in API_KEYS, or --file\n$/);
  assert.match(
    keys('/nowhere/keys', 'create', '--name', 'a', '--scopes', 'read').stderr,
    /^keys: \/nowhere\/keys cannot be written: ENOENT/,
  );
  writeFileSync(file, 'nonsense\n');
  assert.match(
    keys(file, 'create', '--name', 'a', '--scopes', 'read').stderr,
    /^keys: .*keys: line 1: not a JSON object\n$/,
  );
});

test('keys that are made at the same time all end up in the file', async (t) => {
  const file = join(temporaryDirectory(t), 'keys');
  const env = { PATH: process.env['PATH'], API_KEYS: file };
  const children = Array.from({ length: 6 }, (_, i) =>
    spawn(process.execPath, [built('keys.js'), 'create', '--name', `k${i}`, '--scopes', 'predict'], {
      env,
      stdio: 'ignore',
    }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]));
  assert.deepEqual(codes, [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(new Set(readKeyFile(file).map(({ name }) => name)), new Set(['k0', 'k1', 'k2', 'k3', 'k4', 'k5']));
});

test('the image, whose program is the service, has the same command', (t) => {
  const file = join(temporaryDirectory(t), 'keys');
  const env = { PATH: process.env['PATH'], API_KEYS: file };
  const main = (...args: string[]) =>
    spawnSync(process.execPath, [built('main.js'), ...args], { encoding: 'utf8', env });
  const { status, stdout, stderr } = main('keys', 'create', '--name', 'a', '--scopes', 'read');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^rr_[0-9a-f]{12}_[\w-]{43}\n$/);
  assert.match(main('keys', 'list').stdout, / valid .* read .* a\n$/);
  assert.equal(main('keys', 'revoke', 'none').status, 1);
});

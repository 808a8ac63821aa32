import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Rejection } from '../../../../src/server/access/authenticator.js';
import { KeyFile } from '../../../../src/server/access/keys/key-file.js';
import { KeyRing } from '../../../../src/server/access/keys/key-ring.js';
import { keyLines, type MadeKey, makeKey, writeKeys } from '../../../support/access-keys.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { until } from '../../../support/until.js';

function open(t: TestContext, path: string) {
  const lines: { level: string; fields: object; message: string }[] = [];
  const log = {
    info: (fields: object, message: string) => void lines.push({ level: 'info', fields, message }),
    error: (fields: object, message: string) => void lines.push({ level: 'error', fields, message }),
  };
  const ring = new KeyRing();
  const file = new KeyFile(path, ring, log as never);
  t.after(() => file.close());
  const isValid = ({ text }: MadeKey) => !(ring.find(text) instanceof Rejection);
  return { ring, file, lines, isValid };
}

test('keys that are added, revoked and replaced count as soon as the file has changed', async (t) => {
  const [first, second, third] = [makeKey(['predict']), makeKey(['predict']), makeKey(['read'])];
  const path = writeKeys(t, [first]);
  const { isValid, lines } = open(t, path);
  assert.ok(isValid(first) && !isValid(second));
  appendFileSync(path, keyLines([second]));
  await until('the added key is valid', 20, async () => isValid(second));
  assert.ok(isValid(first));
  appendFileSync(path, `${JSON.stringify({ id: first.record.id, revoked: '2026-02-01T00:00:00.000Z' })}\n`);
  await until('the revoked key is not', 20, async () => !isValid(first));
  assert.ok(isValid(second));
  const next = join(dirname(path), 'next');
  writeFileSync(next, keyLines([third]));
  renameSync(next, path);
  await until('the file has been replaced', 20, async () => isValid(third) && !isValid(second));
  assert.deepEqual(lines.at(-1), {
    level: 'info',
    fields: { valid: 1, expired: 0, revoked: 0 },
    message: 'API keys read',
  });
});

test('a directory that is swapped by a symbolic link, as Kubernetes does, is read again', async (t) => {
  const root = temporaryDirectory(t);
  const [former, later] = [makeKey(['predict']), makeKey(['predict'])];
  for (const [name, key] of Object.entries({ one: former, two: later })) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'keys'), keyLines([key]));
  }
  symlinkSync('one', join(root, 'data'));
  symlinkSync('data/keys', join(root, 'keys'));
  const { isValid } = open(t, join(root, 'keys'));
  assert.ok(isValid(former));
  symlinkSync('two', join(root, 'next'));
  renameSync(join(root, 'next'), join(root, 'data'));
  await until('the other file is read', 20, async () => isValid(later) && !isValid(former));
});

test('a file that cannot be used leaves the keys of before valid, and is reported and counted', async (t) => {
  const [key, other] = [makeKey(['predict']), makeKey(['predict'])];
  const path = writeKeys(t, [key]);
  const { isValid, file, lines } = open(t, path);
  const broken: [what: string, break_: () => void, reason: RegExp][] = [
    ['half a line', () => writeFileSync(path, keyLines([other]).slice(0, -20)), /line 1: not a JSON object/],
    ['empty', () => writeFileSync(path, ''), /it has no keys; make one with/],
    ['gone', () => rmSync(path), /there is no such file/],
  ];
  for (const [what, breakIt, reason] of broken) {
    const before = file.errors;
    breakIt();
    await until(`${what} is noticed`, 20, async () => file.errors > before);
    assert.ok(file.isBroken && isValid(key) && !isValid(other), what);
    const error = lines.findLast(({ level }) => level === 'error')!;
    assert.match(error.message, /the keys of before stay valid/);
    if (what !== 'gone') assert.match((error.fields as { reason: string }).reason, reason, what);
  }
  writeFileSync(path, keyLines([other]));
  await until('the mended file is read', 20, async () => isValid(other));
  assert.ok(!file.isBroken && !isValid(key));
});

test('the service does not start with a file of keys that cannot be used', (t) => {
  const path = writeKeys(t, []);
  assert.throws(() => open(t, path), /keys: it has no keys; make one with: npm run keys -- create/);
  assert.throws(() => open(t, `${path}-none`), /there is no such file; make one with/);
  copyFileSync(import.meta.filename, path);
  assert.throws(() => open(t, path), /keys: line 1: not a JSON object/);
});

test('a file in a directory that never rests is read again all the same', async (t) => {
  const [former, later] = [makeKey(['predict']), makeKey(['predict'])];
  const path = writeKeys(t, [former]);
  const { isValid } = open(t, path);
  const busy = setInterval(() => writeFileSync(join(dirname(path), 'busy'), String(Math.random())), 20);
  t.after(() => clearInterval(busy));
  writeFileSync(path, keyLines([later]));
  await until('the changed file is read', 20, async () => isValid(later) && !isValid(former));
});

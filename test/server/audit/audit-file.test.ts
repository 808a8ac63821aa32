import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AuditEvent, SERVICE } from '../../../src/server/audit/audit-event.js';
import { AuditFile } from '../../../src/server/audit/audit-file.js';
import { verifyAudit } from '../../../src/server/audit/verify.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const event = (target: string): AuditEvent => ({ ...SERVICE, action: 'activate', target, outcome: 'done' });
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a restart continues the chain', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  for (const target of ['1', '2', '3']) {
    const file = new AuditFile(path);
    await file.append([event(target)]);
    await file.close();
  }
  assert.deepEqual(
    linesOf(path).map(({ seq, target }) => [seq, target]),
    [
      [1, '1'],
      [2, '2'],
      [3, '3'],
    ],
  );
  assert.deepEqual((await verifyAudit([path])).findings, []);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a file that is renamed is continued by a new one, also over a restart, and after an empty one was put in its place', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  const file = new AuditFile(path);
  await file.append([event('1')]);
  renameSync(path, `${path}.2`);
  await file.append([event('2')]);
  await file.append([event('3')]);
  await file.close();
  renameSync(path, `${path}.1`);
  writeFileSync(path, '');
  const next = new AuditFile(path);
  await next.append([event('4')]);
  await next.close();
  const { findings, notes, entries } = await verifyAudit([`${path}.2`, `${path}.1`, path]);
  assert.deepEqual([findings, notes, entries], [[], [], 4]);
});

test('entries of several processes form one chain', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  const files = [1, 2, 3].map(() => new AuditFile(path));
  for (let round = 0; round < 10; round++) {
    await Promise.all(files.map((file, i) => file.append([event(`${round} ${i}`)])));
  }
  for (const file of files) await file.close();
  const { findings, entries } = await verifyAudit([path]);
  assert.deepEqual([findings, entries], [[], 30]);
  assert.ok(!existsSync(`${path}.lock`));
});

test('a lock that a killed process left does not keep others out', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  writeFileSync(`${path}.lock`, `${(await import('node:os')).hostname()} 999999999`);
  const file = new AuditFile(path);
  await file.append([event('1')]);
  await file.close();
  assert.equal(linesOf(path).length, 1);
});

test('an end that was cut off is recorded at the next entry', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  const file = new AuditFile(path);
  await file.append([event('1')]);
  const { size } = statSync(path);
  await file.append([event('2'), event('3')]);
  await file.close();
  const last = linesOf(path).at(-1);
  truncateSync(path, size);
  const next = new AuditFile(path);
  await next.append([event('4')]);
  await next.close();
  const [, cut] = linesOf(path);
  assert.equal(cut.action, 'log-cut');
  assert.deepEqual(cut.detail, { last_seq: 3, last_hash: last.hash, found_seq: 1 });
  assert.deepEqual(
    (await verifyAudit([path])).findings.map(({ kind, line }) => [kind, line]),
    [['removed', 2]],
  );
});

test('a torn last line is left as it is, and recorded', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  const file = new AuditFile(path);
  await file.append([event('1')]);
  appendFileSync(path, '{"audit":1,"seq":2,"ti');
  await file.append([event('2')]);
  await file.close();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  assert.equal(lines[1], '{"audit":1,"seq":2,"ti');
  const recovered = JSON.parse(lines[2]!);
  assert.deepEqual([recovered.action, recovered.seq, recovered.detail.torn_bytes], ['log-recovered', 2, 22]);
});

test('a path that is not a file, or in no directory, is an error', async (t) => {
  const directory = temporaryDirectory(t);
  await assert.rejects(new AuditFile(directory).append([event('1')]), /is not a file/);
  await assert.rejects(new AuditFile(join(directory, 'missing', 'audit.log')).append([]), /ENOENT/);
});

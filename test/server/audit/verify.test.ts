import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AuditEvent, SERVICE } from '../../../src/server/audit/audit-event.js';
import { AuditFile } from '../../../src/server/audit/audit-file.js';
import { EMPTY_CHAIN, formatLine } from '../../../src/server/audit/audit-line.js';
import { type Verification, verifyAudit } from '../../../src/server/audit/verify.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const event = (target: string): AuditEvent => ({
  ...SERVICE,
  action: 'activate',
  target,
  outcome: 'done',
  status: 200,
});

/** Lines of a chain of `count` entries; `start` is in all of them. */
function chain(count: number, start = 'version'): string[] {
  const lines: string[] = [];
  let head = EMPTY_CHAIN;
  for (let i = 1; i <= count; i++) {
    const line = formatLine(event(`${start} ${i}`), head, new Date());
    ({ head } = line);
    lines.push(line.text);
  }
  return lines;
}

/** Verifies lines, in one file or in several. */
async function verify(t: TestContext, ...files: (readonly string[])[]): Promise<Verification> {
  const directory = temporaryDirectory(t);
  const paths = files.map((lines, i) => {
    const path = join(directory, `audit.${i}`);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return path;
  });
  return verifyAudit(paths);
}

/** What was found, with lines of the only file. */
const found = ({ findings }: Verification) => findings.map(({ kind, line }) => `${kind} ${line}`);

test('an untouched chain has no findings, also over several files', async (t) => {
  const lines = chain(9);
  const whole = await verify(t, lines);
  assert.deepEqual([found(whole), whole.notes, whole.entries], [[], [], 9]);
  assert.equal(whole.last?.seq, 9);
  assert.equal(whole.last?.hash, JSON.parse(lines[8]!).hash);
  const parts = await verify(t, lines.slice(0, 4), lines.slice(4));
  assert.deepEqual([found(parts), parts.notes, parts.entries], [[], [], 9]);
  const rotated = await verify(t, lines.slice(4));
  assert.deepEqual(found(rotated), []);
  assert.match(rotated.notes.join(), /the chain begins before .*:1 \(seq 5\)/);
});

test('a changed line is found, whatever was changed', async (t) => {
  for (const change of [
    (line: string) => line.replace('version 5', 'version 6'),
    (line: string) => line.replace('"status":200', '"status":404'),
    (line: string) => line.replace('"seq":5', '"seq":50'),
    (line: string) => line.replace(/"time":"..../, '"time":"1999'),
    (line: string) => line.replace(/.{4}"\}$/, '0000"}'),
    (line: string) => line.replace('{"audit":1,', '{"audit":1, '),
    (line: string) => line.replace('{"audit":1,', '{"audit": 1,'),
    (line: string) => `${line} `,
    (line: string) => line.slice(0, 60),
  ]) {
    const lines = chain(9);
    lines[4] = change(lines[4]!);
    assert.deepEqual(found(await verify(t, lines)), ['changed 5'], lines[4]);
  }
});

test('a line that is changed together with its own hash is found by the next one', async (t) => {
  const lines = chain(9);
  lines[4] = formatLine(event('version 6'), readHead(lines[3]!), new Date()).text;
  assert.deepEqual(found(await verify(t, lines)), ['changed 5']);
});

test('removed lines are found, and how many', async (t) => {
  const one = await verify(t, chain(9).toSpliced(4, 1));
  assert.deepEqual(found(one), ['removed 5']);
  assert.match(one.findings[0]!.message, /^1 entry is missing between seq 4 and 6/);
  const three = await verify(t, chain(9).toSpliced(2, 3));
  assert.match(three.findings[0]!.message, /^3 entries are missing between seq 2 and 6/);
  const twice = await verify(t, chain(9).toSpliced(6, 1).toSpliced(2, 1));
  assert.deepEqual(found(twice), ['removed 3', 'removed 6']);
});

test('a file that is missing between others is found', async (t) => {
  const lines = chain(9);
  const { findings } = await verify(t, lines.slice(0, 3), lines.slice(6));
  assert.equal(findings.length, 1);
  assert.match(`${findings[0]!.file}:${findings[0]!.line}`, /audit\.1:1$/);
});

test('inserted lines are found: copies, forged ones, and those of another chain', async (t) => {
  const lines = chain(9);
  assert.deepEqual(found(await verify(t, lines.toSpliced(6, 0, lines[2]!))), ['inserted 7']);
  assert.deepEqual(found(await verify(t, lines.toSpliced(2, 0, lines[6]!))), ['inserted 3']);
  const forged = formatLine(event('forged'), readHead(lines[3]!), new Date()).text;
  assert.deepEqual(found(await verify(t, lines.toSpliced(4, 0, forged))), ['inserted 5']);
  const other = chain(9, 'other')[5]!;
  assert.deepEqual(found(await verify(t, lines.toSpliced(4, 0, other))), ['inserted 5']);
});

test('reordered lines are found', async (t) => {
  const lines = chain(9);
  [lines[3], lines[4]] = [lines[4]!, lines[3]!];
  assert.equal((await verify(t, lines)).findings.length, 1);
  assert.match(found(await verify(t, lines))[0]!, /^reordered [45]$/);
  const moved = chain(9);
  moved.push(moved.shift()!);
  assert.deepEqual(found(await verify(t, moved)), ['reordered 9']);
});

test('lines of something else are left out, and each start may begin a chain', async (t) => {
  const log = '{"level":30,"msg":"request answered"}';
  const result = await verify(t, [log, ...chain(3), log, log, ...chain(4, 'other')]);
  assert.deepEqual(found(result), []);
  assert.deepEqual([result.entries, result.otherLines], [7, 3]);
  assert.match(result.notes.join(), /:7: a new chain begins/);
});

test('a torn last line is not a finding, nor is one that the next entry records', async (t) => {
  const path = join(temporaryDirectory(t), 'audit.log');
  const file = new AuditFile(path);
  await file.append([event('1'), event('2')]);
  await file.close();
  // Torn within a character of two bytes.
  appendFileSync(path, Buffer.from('{"audit":1,"seq":3,"target":"ü').subarray(0, -1));
  const torn = await verifyAudit([path]);
  assert.deepEqual(torn.findings, []);
  assert.match(torn.notes.join(), /:3: the last line is torn/);
  const next = new AuditFile(path);
  await next.append([event('3')]);
  await next.close();
  const recovered = await verifyAudit([path]);
  assert.deepEqual(recovered.findings, []);
  assert.match(recovered.notes.join(), /:3: torn by an interrupted write/);
  assert.equal(recovered.entries, 4);
  // What was torn may not be changed either.
  writeFileSync(path, readFileSync(path, 'latin1').replace('"seq":3,"target"', '"seq":3,"tarGet"'), 'latin1');
  assert.deepEqual(found(await verifyAudit([path])), ['changed 3']);
});

test('a large chain is verified in a moment', async (t) => {
  const lines = chain(50_000);
  const started = performance.now();
  assert.deepEqual((await verify(t, lines)).findings, []);
  t.diagnostic(`${(performance.now() - started).toFixed(0)} ms for 50,000 entries`);
});

function readHead(line: string) {
  const { seq, hash } = JSON.parse(line) as { seq: number; hash: string };
  return { seq, hash };
}

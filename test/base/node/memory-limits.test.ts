import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { maxValues, memoryLimits } from '../../../src/base/node/memory-limits.js';
import { readConfig } from '../../../src/server/config.js';

const MIB = 2 ** 20;
const { BODY_LIMIT, MAX_ROWS } = readConfig({});

/** The memory of compose.yaml, and its half, which is the least. */
const documented = Number(/mem_limit: (\d+)m/.exec(await readFile('compose.yaml', 'utf8'))![1]);

for (const mebibytes of [documented / 2, documented]) {
  test(`with ${mebibytes} MiB, a body of the maximum size is taken, and has room for the maximum of named rows`, () => {
    const limits = memoryLimits(mebibytes * MIB);
    assert.ok((7 / 8) * limits.requests > 2 * BODY_LIMIT, 'a body, and its rows and reply');
    assert.ok(maxValues(BODY_LIMIT, limits) > 8 * MAX_ROWS, 'an object and seven numbers for each row');
  });
}

test('the shares grow with the memory, and fit in it', () => {
  let previous = memoryLimits(0);
  for (let mebibytes = 256; mebibytes <= 2 ** 16; mebibytes *= 2) {
    const limits = memoryLimits(mebibytes * MIB);
    assert.ok(limits.requests >= previous.requests && limits.threadHeap >= previous.threadHeap);
    assert.ok(limits.requests / MIB + limits.threadHeap + limits.childHeap < 0.8 * mebibytes, `${mebibytes} MiB`);
    previous = limits;
  }
});

test('however little memory there is, a body of the maximum size is taken', () => {
  assert.ok((7 / 8) * memoryLimits(MIB).requests > BODY_LIMIT);
});

test('docs/operations.md lists the shares', async () => {
  const text = await readFile('docs/operations.md', 'utf8');
  const row = (name: string) => {
    const [, ...cells] = text
      .split('\n')
      .find((line) => line.startsWith(`| ${name}`))!
      .split('|')
      .slice(1, -1);
    return cells.map((cell) => cell.trim());
  };
  const all = [256, 512, 1024, 2 ** 16].map((mebibytes) => memoryLimits(mebibytes * MIB));
  const size = (mebibytes: number) => (mebibytes < 4096 ? `${Math.floor(mebibytes)} MiB` : `${mebibytes / 1024} GiB`);
  assert.deepEqual(
    row('all requests together'),
    all.map(({ requests }) => size(requests / MIB)),
  );
  assert.deepEqual(
    row('heap of a thread'),
    all.map(({ threadHeap }) => size(threadHeap)),
  );
  assert.deepEqual(
    row('heap of a child process'),
    all.map(({ childHeap }) => size(childHeap)),
  );
  assert.deepEqual(
    row('values in the largest body'),
    all.map((limits) => `${(maxValues(BODY_LIMIT, limits) / 1e6).toFixed(1)} million`),
  );
});

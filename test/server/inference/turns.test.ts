import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Turns } from '../../../src/server/inference/turns.js';

test('long work is done a few at a time and in order; what cannot begin within a second is refused', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const turns = new Turns();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const outcomes = Promise.allSettled(
    Array.from({ length: 8 }, (_, i) =>
      turns.run(() => {
        begun.push(i);
        return new Promise<number>((resolve) => ends.push(() => resolve(i)));
      }),
    ),
  );
  await turn();
  assert.deepEqual(begun, [0, 1, 2, 3]);
  ends[2]!();
  ends[0]!();
  await turn();
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5]);
  t.mock.timers.tick(1000);
  for (const end of ends) end();
  const results = (await outcomes).map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as { code: string }).code,
  );
  assert.deepEqual(results, [0, 1, 2, 3, 4, 5, 'OVERLOADED', 'OVERLOADED']);
  let inProgress = 0;
  const again = Array.from({ length: 4 }, () =>
    turns.run(async () => {
      inProgress++;
      await turn();
    }),
  );
  assert.equal(inProgress, 4, 'all places are free again');
  await Promise.all(again);
});

test('work that fails leaves its place to the next', async () => {
  const turns = new Turns();
  const work = Array.from({ length: 6 }, (_, i) =>
    turns.run(async () => {
      if (i < 4) throw new Error(`${i}`);
      return i;
    }),
  );
  const outcomes = await Promise.allSettled(work);
  assert.deepEqual(
    outcomes.map(({ status }) => status === 'fulfilled'),
    [false, false, false, false, true, true],
  );
});

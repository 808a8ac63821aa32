import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { fitTrend, isSteady } from './trend.js';

const MINUTES = 30;
const BLOCK = 5;
const TIMES = Array.from({ length: MINUTES }, (_, minute) => minute);

/** Draws `MINUTES` values, each of which keeps a share of the deviation of the one before, and grows by `slope`. */
function series(random: ReturnType<typeof createRandom>, kept: number, slope: number): number[] {
  let deviation = random.normal() / Math.sqrt(1 - kept ** 2);
  return TIMES.map((time) => {
    deviation = kept * deviation + random.normal();
    return 100 + slope * time + deviation;
  });
}

function shareThatGrows(kept: number, slope: number, length: number): number {
  const random = createRandom(1);
  const runs = 4000;
  let count = 0;
  for (let run = 0; run < runs; run++) if (!isSteady(fitTrend(TIMES, series(random, kept, slope), length))) count++;
  return count / runs;
}

test('a line without noise has its slope and no error', () => {
  const { slope, error, degrees } = fitTrend(
    TIMES,
    TIMES.map((time) => 3 + 2 * time),
    BLOCK,
  );
  assert.ok(Math.abs(slope - 2) < 1e-12 && error < 1e-12, `${slope} ± ${error}`);
  assert.equal(degrees, 4);
  assert.ok(!isSteady({ slope: 1, error: 0, degrees }));
  assert.ok(isSteady({ slope: 0, error: 0, degrees }));
});

test('values that fill no block are left out at the beginning', () => {
  const values = [1e6, ...TIMES];
  const { slope } = fitTrend([-1, ...TIMES], values, BLOCK);
  assert.ok(Math.abs(slope - 1) < 1e-12, String(slope));
});

for (const kept of [0, 0.5]) {
  test(`of series that do not grow and keep ${kept} of a deviation, about one in a hundred is taken to grow`, () => {
    const share = shareThatGrows(kept, 0, BLOCK);
    assert.ok(share < 0.02, String(share));
  });
}

test('minutes by themselves would be taken to grow far more often, if they resemble each other', () => {
  assert.ok(shareThatGrows(0.5, 0, 1) > 0.05);
});

test('growth by ten deviations within the series is found', () => {
  assert.ok(shareThatGrows(0.5, 10 / MINUTES, BLOCK) > 0.95);
});

test('a series that is too short is not steady', () => {
  for (const count of [0, 1, 14]) assert.ok(!isSteady(fitTrend(TIMES.slice(0, count), TIMES.slice(0, count), BLOCK)));
});

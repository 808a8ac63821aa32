import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { dependenceChange } from '../../../src/drift/window/dependence-change.js';
import { type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const d = NAMES.length;

/** Independent normal scores, except that b follows a unless the relation is `broken`. */
function draw(random: Random, rows: number, broken = false): Float64Array {
  const scores = Float64Array.from({ length: rows * d }, () => random.normal());
  for (let r = 0; r < rows && !broken; r++) scores[r * d + 1] = 0.9 * scores[r * d]! + 0.43 * scores[r * d + 1]!;
  return scores;
}

function heldOut(random: Random, count: number): HeldOut {
  const errors = Float32Array.from({ length: count }, () => random.uniform());
  return { count, rows: Float32Array.from(draw(random, count)), outputs: errors, errors };
}

test('a broken relation is named, and a few rows that break none name none', () => {
  const random = createRandom(1);
  const { conditional } = makeBaseline(heldOut(random, 2000), NAMES, ['y'], 1);
  const partners = (rows: number, broken: boolean) => {
    const { relation } = dependenceChange(draw(random, rows, broken), rows, conditional!)!;
    return NAMES.map((_, j) => relation(j).index);
  };
  let named = 0;
  for (let i = 0; i < 200; i++) named += partners(20, false).filter((partner, j) => partner !== j).length;
  // 28 pairs, each by chance in one of 1,000.
  assert.ok(named <= 30, `${named} of 1,600 features`);
  for (let i = 0; i < 20; i++) {
    const [a, b] = partners(60, true);
    assert.deepEqual([a, b], [1, 0]);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { changedInterval } from '../../../src/drift/changes/interval.js';
import { ReferenceDistribution } from '../../../src/drift/changes/reference-distribution.js';
import { repeatedValue } from '../../../src/drift/changes/repeated-value.js';
import { findRounding } from '../../../src/drift/changes/rounding.js';
import { findTransformation } from '../../../src/drift/changes/transformation.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';

type Draw = (random: Random) => number;

const normal: Draw = (random) => 50 + 10 * random.normal();
const skewed: Draw = (random) => Math.exp(2 + random.normal());
const count: Draw = (random) => Math.floor(6 * random.uniform() ** 2);
const tenths: Draw = (random) => Math.round(10 * normal(random)) / 10;

function valuesOf(draw: Draw, seed: number, rows: number): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length: rows }, () => Math.fround(draw(random)));
}

function referenceOf(draw: Draw, rows = 2000): ReferenceDistribution {
  const column = Float32Array.from(valuesOf(draw, 1, rows));
  const held = { count: rows, rows: column, outputs: column, errors: new Float32Array(rows) };
  return new ReferenceDistribution(makeBaseline(held, ['x'], ['y'], 1).features[0]!);
}

test('the share of each value of a column with few values is recovered from its grid', () => {
  const reference = referenceOf(count);
  const values = valuesOf(count, 1, 2000);
  for (const value of [0, 1, 2, 3, 4, 5]) {
    const share = values.filter((one) => one === value).length / 2000;
    assert.ok(Math.abs(reference.shareOf(value) - share) < 1e-9, `${value}`);
  }
  assert.equal(reference.shareOf(2.5), 0);
  assert.deepEqual([reference.isPossible(3), reference.isPossible(3.4)], [true, false]);
});

test('the values of few held-out rows are not taken for the only possible ones', () => {
  const reference = referenceOf(normal, 78);
  assert.equal(reference.isRestricted, false);
  const found = findTransformation(valuesOf((random) => 2.2 * normal(random), 2, 49).sort(), reference);
  assert.equal(found?.kind, 'unit');
});

test('the step of values with one decimal is found, and that of continuous values is not', () => {
  assert.ok(Math.abs(referenceOf(tenths).step! - 0.1) < 1e-6);
  assert.equal(referenceOf(normal).step, undefined);
});

test('ranks and values of the reference are each other’s inverse', () => {
  const reference = referenceOf(skewed);
  for (const rank of [0.05, 0.3, 0.5, 0.9])
    assert.ok(Math.abs(reference.rankOf(reference.valueAt(rank)) - rank) < 1e-9);
});

test('a value that a part of the rows have is found, and no value of unchanged rows', () => {
  for (const draw of [normal, skewed, count, tenths]) {
    const reference = referenceOf(draw);
    const stuck = valuesOf((random) => (random.uniform() < 0.4 ? 7.5 : draw(random)), 2, 60).sort();
    const found = repeatedValue(stuck, reference);
    assert.equal(found?.value, 7.5);
    assert.equal(found.count, stuck.filter((value) => value === 7.5).length);
    for (let seed = 3; seed < 30; seed++) {
      assert.equal(repeatedValue(valuesOf(draw, seed, 60).sort(), reference), undefined);
    }
  }
});

test('rounding is found with its step and side, and not in values that had the step before', () => {
  const reference = referenceOf(normal);
  const rounded = (round: (value: number) => number, step: number) => (random: Random) =>
    round(normal(random) / step) * step;
  const near = (value: number | undefined, expected: number) => Math.abs(value! / expected - 1) < 1e-4;
  const nearest = findRounding(valuesOf(rounded(Math.round, 3.7), 2, 40), reference);
  assert.ok(near(nearest?.step, 3.7) && nearest?.to === 'nearest', JSON.stringify(nearest));
  const down = findRounding(valuesOf(rounded(Math.floor, 10), 2, 80), reference);
  assert.ok(near(down?.step, 10) && down?.to === 'lower', JSON.stringify(down));
  assert.equal(findRounding(valuesOf(normal, 2, 80), reference), undefined);
  assert.equal(findRounding(valuesOf(count, 2, 80), referenceOf(count)), undefined);
  assert.equal(findRounding(valuesOf(tenths, 2, 80), referenceOf(tenths)), undefined);
  assert.equal(findRounding(new Float64Array(80).fill(50), reference), undefined);
});

test('a unit, a shift and a spread are told apart', () => {
  for (const draw of [normal, skewed]) {
    const reference = referenceOf(draw);
    const of = (change: (value: number) => number) =>
      findTransformation(valuesOf((random) => change(draw(random)), 2, 200).sort(), reference);
    assert.equal(
      of((value) => value),
      undefined,
    );
    const unit = of((value) => 12 * value);
    assert.equal(unit?.kind, 'unit');
    assert.ok(Math.abs(unit!.factor / 12 - 1) < 0.15, `${unit!.factor}`);
    const shift = of((value) => value + 0.7 * reference.deviation);
    assert.equal(shift?.kind, 'shift');
    assert.ok(Math.abs(shift!.offset / reference.deviation - 0.7) < 0.2);
    const spread = of((value) => reference.mean + 0.5 * (value - reference.mean));
    assert.equal(spread?.kind, 'spread');
    assert.ok(Math.abs(spread!.factor - 0.5) < 0.1, `${spread!.factor}`);
    // A symmetric column with the opposite sign is a shifted one.
    if (draw === skewed) assert.equal(of((value) => -value)?.factor, -1);
  }
});

test('another unit of a column with few values leads back to them exactly', () => {
  const found = findTransformation(valuesOf((random) => 2.54 * count(random), 2, 60).sort(), referenceOf(count));
  assert.ok(Math.abs(found!.factor - 2.54) < 1e-6, JSON.stringify(found));
  assert.equal(found!.kind, 'unit');
});

test('the interval in which rows have accumulated is found', () => {
  const found = changedInterval([10, 40, 40, 10], [250, 250, 250, 250], [1, 2, 3]);
  assert.deepEqual(found, { low: 1, high: 3, share: 0.8, before: 0.5 });
  assert.equal(changedInterval([0, 0], [5, 5], [1]), undefined);
});

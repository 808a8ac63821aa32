import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';
import type { Column } from '../../../src/model/columns/column.js';
import { fitEncodings } from '../../../src/model/columns/fitting/fit-encoding.js';
import { drawBackground } from '../../../src/model/explanation/background.js';
import { drawMixed, MIXED_COLUMNS, MIXED_NAMES } from '../../support/mixed-rows.js';

const DAY_MINUTES = 1440;

/** Held-out rows of numbers that a function draws, and the baseline made of them. */
function numbersOf(
  count: number,
  names: readonly string[],
  draw: (random: ReturnType<typeof createRandom>) => number[],
) {
  const random = createRandom(count);
  const rows = Float32Array.from(Array.from({ length: count }, () => draw(random)).flat());
  const outputs = new Float32Array(count);
  const errors = Float32Array.from({ length: count }, () => random.uniform());
  const features = { mean: names.map(() => 0), scale: names.map(() => 1) };
  const baseline = makeBaseline({ count, rows, outputs, errors }, names, ['y'], 1);
  return { rows, baseline, card: { features: names, scalers: { features } } };
}

/** The mixed table's held-out rows, its baseline, and a card with its encodings. */
function mixed(count: number) {
  const heldOut = drawMixed(count);
  const baseline = makeBaseline(heldOut, MIXED_NAMES, ['y'], 1, undefined, MIXED_COLUMNS);
  const rows = { rows: count, features: heldOut.rows.slice(), targets: heldOut.outputs, outputs: 1 };
  const index = Int32Array.from({ length: count }, (_, row) => row);
  const columns = fitEncodings(MIXED_COLUMNS as readonly Column[], rows, index);
  const mean = [3, 2, 1, 200 * DAY_MINUTES, 1.5];
  return { baseline, card: { features: MIXED_NAMES, columns, scalers: { features: { mean, scale: mean } } } };
}

function column(rows: Float32Array, width: number, j: number): number[] {
  return Array.from(rows).filter((_, at) => at % width === j);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [a, b].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + (value - (x === a ? meanA! : meanB!)) * (y[i]! - (y === a ? meanA! : meanB!)), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

test('numbers have the distribution of the held-out rows, and their correlation, in fourteen rows that are none of these', () => {
  const { rows, baseline, card } = numbersOf(4200, ['a', 'b'], (random) => {
    const a = random.normal();
    return [Math.exp(a), 0.8 * a + 0.6 * random.normal()];
  });
  const background = drawBackground(card, baseline);
  assert.equal(background.length, 28);
  for (const j of [0, 1]) {
    const [held, drawn] = [rows, background].map((values) => column(values, 2, j).sort((x, y) => x - y));
    // One value in each fourteenth.
    drawn!.forEach((value, k) => {
      assert.ok(value >= held![300 * k - 1]! || k === 0, `${j}: ${value}`);
      assert.ok(value <= held![300 * (k + 1)]! || k === 13, `${j}: ${value}`);
    });
  }
  const logs = column(background, 2, 0).map(Math.log);
  assert.ok(Math.abs(correlation(logs, column(background, 2, 1)) - 0.8) < 0.1);
  const known = new Set(Array.from({ length: 4200 }, (_, r) => rows.subarray(2 * r, 2 * r + 2).join()));
  for (let r = 0; r < 14; r++) assert.equal(known.has(background.subarray(2 * r, 2 * r + 2).join()), false);
  assert.deepEqual(drawBackground(card, baseline), background, 'the same each time');
});

test('a number with few values keeps them, in their shares', () => {
  const { baseline, card } = numbersOf(1000, ['a', 'b'], (random) => [
    random.uniform() < 0.75 ? 2 : 7,
    random.normal(),
  ]);
  const values = column(drawBackground(card, baseline), 2, 0);
  assert.ok(values.every((value) => value === 2 || value === 7));
  const share = values.filter((value) => value === 2).length / 14;
  assert.ok(Math.abs(share - 0.75) < 0.07, `${share}`);
});

test('categories have whole levels in their shares, gaps are as frequent, and times are in business hours of the year', () => {
  const { baseline, card } = mixed(3000);
  const background = drawBackground(card, baseline);
  const width = MIXED_NAMES.length;
  const levels = column(background, width, 1);
  assert.ok(
    levels.every((level) => Number.isInteger(level) && level >= 0 && level < 6),
    `${levels}`,
  );
  // 30, 55 and 10 % of the rows.
  const counts = [1, 2, 3].map((level) => levels.filter((each) => each === level).length);
  assert.ok(counts[0]! >= 4 && counts[0]! <= 5 && counts[1]! >= 8 && counts[1]! <= 10 && counts[2]! >= 1, `${counts}`);
  assert.equal(column(background, width, 4).filter(Number.isNaN).length, 3);
  assert.ok(column(background, width, 2).every((pool) => pool === 0 || pool === 1));
  const times = column(background, width, 3);
  for (const time of times) {
    const minute = ((time % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
    assert.ok(minute >= 8 * 60 - 1 && minute <= 17 * 60, `${minute}`);
    assert.ok(time > -7 * DAY_MINUTES && time < 372 * DAY_MINUTES);
  }
  assert.equal(new Set(times.map((time) => Math.floor(time / DAY_MINUTES / 46))).size >= 7, true, 'all over the year');
});

test('levels and numbers that belong together stay together', () => {
  const { baseline, card } = mixed(3000);
  const background = drawBackground(card, baseline);
  const sizes = column(background, MIXED_NAMES.length, 0);
  const pools = column(background, MIXED_NAMES.length, 2);
  assert.ok(correlation(sizes, pools) > 0.3, 'large houses have a pool');
});

test('of more than ten columns there are 32 rows, also if some are functions of others', () => {
  const names = Array.from({ length: 30 }, (_, j) => `x${j}`);
  const { baseline, card } = numbersOf(1500, names, (random) => {
    const a = random.normal();
    return names.map((_, j) => (j < 10 ? a : j === 10 ? 5 : random.normal()));
  });
  const background = drawBackground(card, baseline);
  assert.equal(background.length, 32 * 30);
  assert.ok(background.every(Number.isFinite));
  assert.ok(correlation(column(background, 30, 0), column(background, 30, 9)) > 0.95);
});

test('without dependence in the baseline the columns are independent, and a broken matrix does no harm', () => {
  const { baseline, card } = numbersOf(100, ['a', 'b'], (random) => [random.normal(), random.normal()]);
  assert.equal(baseline.conditional, null);
  const independent = drawBackground(card, baseline);
  assert.ok(independent.every(Number.isFinite));
  const large = numbersOf(500, ['a', 'b'], (random) => [random.normal(), random.normal()]);
  for (const precision of [
    [1, 5, 5, 1],
    [1e308, 1e308, 1e308, 1e308],
  ]) {
    const broken = { ...large.baseline, conditional: { ...large.baseline.conditional!, precision } };
    assert.ok(drawBackground(card, broken).every(Number.isFinite));
  }
});

test('without a baseline there is one row: means, the most frequent levels, and gaps where most values are missing', () => {
  const { card } = mixed(200);
  assert.deepEqual(Array.from(drawBackground(card, null)), [3, 2, 1, 200 * DAY_MINUTES, 1.5]);
  const columns = card.columns.map((each) => (each.name === 'tax' ? { ...each, missing: 0.7 } : each));
  assert.deepEqual(Array.from(drawBackground({ ...card, columns }, null)).slice(4), [Number.NaN]);
  const plain = { features: ['a'], scalers: { features: { mean: [4.25], scale: [1] } } };
  assert.deepEqual(Array.from(drawBackground(plain, null)), [4.25]);
});

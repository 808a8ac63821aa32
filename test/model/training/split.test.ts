import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, shuffle } from '../../../src/base/statistics/random.js';
import type { Column } from '../../../src/model/columns/column.js';
import type { LabelledRows } from '../../../src/model/tables/labelled-rows.js';
import { splitRows } from '../../../src/model/training/split.js';
import { labelledRows } from '../../support/labelled-rows.js';

/** Returns the targets of the held-out rows. They identify the rows. */
function heldOut(data: LabelledRows, share: number, seed = 1): number[] {
  const { heldOut: rows, training } = splitRows(data, share, createRandom(seed));
  assert.deepEqual(
    [...rows, ...training].sort((a, b) => a - b),
    Array.from({ length: data.rows }, (_, i) => i),
  );
  return Array.from(rows, (row) => data.targets[row]!);
}

function select({ features, targets }: LabelledRows, order: readonly number[]): LabelledRows {
  return {
    rows: order.length,
    features: Float32Array.from(order.flatMap((row) => [...features.subarray(3 * row, 3 * row + 3)])),
    targets: Float32Array.from(order, (row) => targets[row]!),
  };
}

test('any seed and order hold out the same rows, in random order', () => {
  const data = labelledRows(1000);
  const first = heldOut(data, 0.2);
  assert.equal(first.length, 200);
  const order = Int32Array.from({ length: 1000 }, (_, i) => i);
  shuffle(order, createRandom(3));
  const again = heldOut(select(data, [...order]), 0.2, 2);
  assert.notDeepEqual(again, first);
  assert.deepEqual(again.sort(), first.sort());
});

test('when rows recur among new ones, almost all that were held out are held out again', () => {
  const old = heldOut(labelledRows(1000, 1), 0.2);
  const [first, second] = [labelledRows(1000, 1), labelledRows(3000, 2)];
  const grown = {
    rows: 4000,
    features: Float32Array.of(...second.features, ...first.features),
    targets: Float32Array.of(...second.targets, ...first.targets),
  };
  const held = new Set(heldOut(grown, 0.2));
  const again = old.filter((target) => held.has(target));
  // The bound, a quantile of 4,000 hashes instead of 1,000, deviates by a standard deviation of 1.4 % of all rows.
  assert.ok(again.length >= 170, `${again.length} of 200`);
});

test('a smaller share is part of a larger one, and the rows are a fair sample', () => {
  const data = labelledRows(5000);
  const [small, large] = [heldOut(data, 0.1), new Set(heldOut(data, 0.3))];
  assert.ok(small.every((target) => large.has(target)));
  const mean = (values: Iterable<number>, count: number) => [...values].reduce((sum, value) => sum + value, 0) / count;
  // The targets' standard deviation is 45: within 4 standard errors.
  assert.ok(Math.abs(mean(large, 1500) - mean(data.targets, 5000)) < (4 * 45) / Math.sqrt(1500));
});

test('the same rows are held out when a table has more levels, earlier times, and other indices for both', () => {
  const random = createRandom(5);
  const levels = ['red', 'green', 'blue'];
  const cells = Array.from({ length: 400 }, () => ({
    level: random.below(3),
    day: random.below(500),
    number: random.below(20) === 0 ? Number.NaN : random.normal(),
  }));
  const columns = (names: readonly string[], origin: number): Column[] => [
    { name: 'color', type: 'category', missing: 0, levels: [...names], counts: names.map(() => 1) },
    { name: 'day', type: 'timestamp', missing: 0, unit: 'day', origin, range: [0, 500] },
    { name: 'x', type: 'number', missing: 0.05, range: [-4, 4] },
  ];
  const held = (names: readonly string[], daysEarlier: number): number[] => {
    const rows = cells.map(({ level, day, number }) => [names.indexOf(levels[level]!), day + daysEarlier, number]);
    const data = {
      rows: cells.length,
      features: Float32Array.from(rows.flat()),
      targets: Float32Array.from(cells, (_, i) => i),
    };
    const origin = Date.UTC(2024, 0, 1) - daysEarlier * 86_400_000;
    return Array.from(splitRows(data, 0.2, createRandom(1), columns(names, origin)).heldOut).sort();
  };
  assert.deepEqual(held(['blue', 'violet', 'green', 'red'], 30), held(levels, 0));
});

test('equal rows are on the same side, unless all rows are equal', () => {
  const data = labelledRows(100);
  const twice = select(data, [...Array(100).keys(), ...Array(100).keys()]);
  const counts = new Map<number, number>();
  for (const target of heldOut(twice, 0.2)) counts.set(target, (counts.get(target) ?? 0) + 1);
  assert.equal(counts.size, 20);
  assert.deepEqual([...new Set(counts.values())], [2]);
  const same = select(data, new Array<number>(50).fill(7));
  assert.equal(heldOut(same, 0.2).length, 10);
});

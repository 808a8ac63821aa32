import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';
import { RowRecoder } from '../../../src/model/baseline/features/row-recoder.js';
import { binLevels } from '../../../src/model/baseline/features/watched.js';
import { readBaseline } from '../../../src/model/baseline/read-baseline.js';
import { drawMixed, MIXED_COLUMNS, MIXED_NAMES } from '../../support/mixed-rows.js';

const held = drawMixed(3000, createRandom(1));
const baseline = makeBaseline(held, MIXED_NAMES, ['price'], 1, undefined, MIXED_COLUMNS);
const byName = new Map(baseline.features.map((feature) => [feature.name, feature]));

test('a baseline of columns of all types is read from its JSON unchanged', () => {
  assert.deepEqual(readBaseline(JSON.stringify(baseline)), baseline);
});

test('the bins of a category are its levels, then rare ones together, then new ones', () => {
  const heating = byName.get('heating')!;
  assert.deepEqual(binLevels(heating), ['gas', 'electric', 'oil', 'wood', '2 others', 'new level']);
  assert.equal(heating.bins.counts.at(-1), 0);
  assert.ok(heating.bins.counts[0]! > 1500 && heating.bins.counts[0]! < 1800);
  const pool = byName.get('pool')!;
  assert.deepEqual(new Set(binLevels(pool)), new Set(['no', 'yes']));
});

test('levels have the normal scores of their mean predictions, whatever their order in the table', () => {
  const order = [5, 2, 0, 4, 1, 3];
  const renamed = MIXED_COLUMNS.map((column) =>
    column.type === 'category'
      ? {
          ...column,
          levels: order.map((code) => column.levels[code]!),
          counts: order.map((code) => column.counts[code]!),
        }
      : column,
  );
  const rows = held.rows.map((value, at) => (at % MIXED_NAMES.length === 1 ? order.indexOf(value) : value));
  const other = makeBaseline({ ...held, rows }, MIXED_NAMES, ['price'], 1, undefined, renamed);
  const of = ({ features }: typeof baseline) => features.find(({ name }) => name === 'heating')!;
  assert.deepEqual(of(other).bins, of(baseline).bins);
  assert.deepEqual(of(other).grid, of(baseline).grid);
  assert.deepEqual(other.conditional, baseline.conditional);
  const { scores } = of(baseline).grid;
  const [gas, electric, oil, wood] = scores;
  assert.ok(oil! < wood! && wood! < electric! && electric! < gas!, String(scores));
});

test('a timestamp is watched as a time and by the cycles that its rows go through', () => {
  assert.deepEqual(
    baseline.features.map(({ name }) => name),
    ['size', 'heating', 'pool', 'sold', 'sold (time of day)', 'sold (weekday)', 'tax'],
  );
  assert.deepEqual(byName.get('sold')!.bins, { edges: [], counts: [3000] });
  assert.equal(byName.get('sold (weekday)')!.bins.counts.length, 7);
  const week = drawMixed(3000, createRandom(2), undefined, { days: 20 });
  const short = makeBaseline(week, MIXED_NAMES, ['price'], 1, undefined, MIXED_COLUMNS);
  assert.ok(!short.features.some(({ name }) => name === 'sold (weekday)'));
});

test('rows are recoded to positions, and places in cycles', () => {
  const recoder = new RowRecoder(baseline.features);
  assert.equal(recoder.width, 5);
  // 2020 began on a Wednesday.
  const row = Float32Array.of(1, 6, 1, 2 * 1440 + 61, Number.NaN);
  assert.deepEqual(Array.from(recoder.recode(row, 1)), [
    ...[1, 6, binLevels(byName.get('pool')!)!.indexOf('yes')],
    ...[2 * 1440 + 61, 61, 4, Number.NaN],
  ]);
});

test('a column with gaps has their share in the baseline, and may have no value at all', () => {
  const { missing } = byName.get('tax')!;
  assert.ok(missing > 500 && missing < 700, String(missing));
  const empty = { ...held, rows: held.rows.map((value, at) => (at % 5 === 4 ? Number.NaN : value)) };
  const made = makeBaseline(empty, MIXED_NAMES, ['price'], 1, undefined, MIXED_COLUMNS);
  assert.equal(made.features.at(-1)!.missing, 3000);
  assert.deepEqual(readBaseline(JSON.stringify(made)), made);
  const unexpected = MIXED_COLUMNS.map((column) => ({ ...column, missing: 0 }));
  assert.throws(() => makeBaseline(empty, MIXED_NAMES, ['price'], 1, undefined, unexpected), {
    code: 'INVALID_BASELINE',
  });
});

test('many rare levels share bins of about equal counts', () => {
  const random = createRandom(3);
  const levels = Array.from({ length: 400 }, (_, i) => `zip ${i}`);
  const count = 4000;
  const rows = Float32Array.from({ length: count }, () => random.below(400));
  const outputs = rows.map((code) => code % 10);
  const errors = Float32Array.from(rows, () => random.uniform());
  const column = { name: 'zip', type: 'category', missing: 0, levels, counts: levels.map(() => 10) } as const;
  const made = makeBaseline({ count, rows, outputs, errors }, ['zip'], ['y'], 1, undefined, [
    { ...column, counts: [...column.counts] },
  ]);
  const [zip] = made.features;
  const known = zip!.bins.counts.slice(0, -1);
  assert.ok(known.length >= 15 && known.length <= 20, String(known));
  assert.ok(Math.min(...known) >= 150, String(known));
  assert.ok(zip!.grid.values.length <= 258);
  assert.deepEqual(readBaseline(JSON.stringify(made)), made);
});

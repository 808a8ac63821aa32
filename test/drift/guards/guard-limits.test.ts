import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { GuardCharts } from '../../../src/drift/guards/guard-charts.js';
import { channelsOf } from '../../../src/drift/rows/channels.js';
import { numberFeature } from '../../../src/model/baseline/features/feature-column.js';
import { makeBins } from '../../../src/model/baseline/sketches/bins.js';

const ROWS_BETWEEN = 2_000_000;

/** The guards' charts of one feature, with the held-out rows `values`. */
function chartsOf(values: Float64Array) {
  const sorted = values.toSorted();
  const feature = numberFeature('rooms', sorted, sorted.length);
  const baseline = { rows: sorted.length, features: [feature], outputs: [] };
  const channels = channelsOf({ ...baseline, error: { bins: makeBins(sorted) }, conditional: null });
  const ones = new Float64Array(channels.length).fill(1);
  const charts = new GuardCharts(baseline, channels, ROWS_BETWEEN, ones, ones);
  const none = new Float32Array(0);
  return (rows: Float32Array) => {
    const count = rows.length;
    charts.observe(
      { rows, outputs: none, errors: none, count, counted: count },
      0,
      count,
      new Uint8Array(count).fill(1),
    );
    const raised = charts.takeRaised().length;
    charts.settle();
    return raised;
  };
}

/** Rooms of a house, of which one in 1,500 is a hotel: a few hundred held-out rows may have none. */
function rooms(random: Random): number {
  if (random.below(1500) === 0) return 20 + 100 * random.uniform();
  return 5 * Math.exp(0.2 * random.normal());
}

test('rare rows of another kind, which few held-out rows have, raise no more alarms than the share of the guards', () => {
  for (const heldOut of [100, 200, 400]) {
    let [alarms, rows] = [0, 0];
    for (let seed = 0; seed < 60; seed++) {
      const random = createRandom(seed);
      const send = chartsOf(Float64Array.from({ length: heldOut }, () => rooms(random)));
      for (let i = 0; i < 100; i++, rows += 250)
        alarms += send(Float32Array.from({ length: 250 }, () => rooms(random)));
    }
    // 1,500,000 rows: 0.75 are allowed on average.
    assert.ok(alarms <= 3, `${heldOut} held-out rows: ${alarms} alarms in ${rows} rows`);
  }
});

test('three equal values several ranges out raise the alarm, however few rows are held out; other values must be more', () => {
  for (const heldOut of [60, 100, 200, 400]) {
    const random = createRandom(heldOut);
    const held = Float64Array.from({ length: heldOut }, () => 40 + random.normal());
    /** The values of `values` that it takes until an alarm, one of 60 rows. */
    const until = (values: (i: number) => number) => {
      const send = chartsOf(held);
      for (let i = 0; i < 20; i++) {
        const rows = Float32Array.from({ length: 60 }, () => 40 + random.normal());
        rows[30] = values(i);
        if (send(rows) > 0) return i + 1;
      }
      return Number.POSITIVE_INFINITY;
    };
    assert.equal(
      until(() => -60),
      3,
      `${heldOut} held-out rows`,
    );
    const unequal = until((i) => -60 - i);
    assert.ok(unequal > 3 && (heldOut < 200 || unequal <= 8), `${heldOut} held-out rows: ${unequal}`);
  }
});

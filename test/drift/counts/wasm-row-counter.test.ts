import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { Charts } from '../../../src/drift/counts/charts.js';
import { Counters } from '../../../src/drift/counts/counters.js';
import { DesignEffect } from '../../../src/drift/counts/design-effect.js';
import {
  PlainRowCounter,
  type RequestRows,
  type RowCounter,
  type WatchParts,
} from '../../../src/drift/counts/row-counter.js';
import { RowCounts } from '../../../src/drift/counts/row-counts.js';
import { WasmRowCounter } from '../../../src/drift/counts/wasm-row-counter.js';
import { channelsOf } from '../../../src/drift/rows/channels.js';
import { RowReader } from '../../../src/drift/rows/row-reader.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';

/** A number of a row: drawn for a row and a column. */
type Draw = (random: Random, column: number) => number;

interface Case {
  readonly name: string;
  readonly features: number;
  readonly outputs: number;
  readonly heldOut: number;
  readonly rows: number;
  /** Of the held-out rows, and of the rows that are watched. */
  readonly reference: Draw;
  readonly live: Draw;
  readonly error: (random: Random) => number;
}

const NORMAL: Case = {
  name: 'normal numbers',
  features: 8,
  outputs: 1,
  heldOut: 2000,
  rows: 20_000,
  reference: (random) => random.normal(),
  live: (random) => random.normal(),
  error: (random) => random.normal() ** 2,
};

const CASES: readonly Case[] = [
  NORMAL,
  { ...NORMAL, name: 'so many rows that the weights of the charts leave the range of numbers', rows: 300_000 },
  { ...NORMAL, name: 'a drift, which brings the charts beyond their limits', live: (random) => 0.4 + random.normal() },
  { ...NORMAL, name: 'one feature, several outputs', features: 1, outputs: 3 },
  { ...NORMAL, name: 'an odd number of features, and few held-out rows', features: 33, heldOut: 60, rows: 2000 },
  { ...NORMAL, name: 'many features', features: 120, heldOut: 500, rows: 500 },
  {
    ...NORMAL,
    name: 'ties, a constant, missing values, and heavy tails',
    features: 5,
    reference: (random, j) =>
      [random.below(3), 7, random.below(9) === 0 ? Number.NaN : random.normal(), heavy(random), 0][j]!,
    live: (random, j) => [random.below(4), 7 + random.below(2), Number.NaN, heavy(random), -0][j]!,
    error: heavy,
  },
  {
    ...NORMAL,
    name: 'numbers at the edge of float32, and beyond it',
    features: 3,
    rows: 3000,
    live: (random) =>
      [3.4e38, -3.4e38, 1e-45, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN][random.below(7)]!,
    error: (random) => [0, 3.4e38, Number.POSITIVE_INFINITY, Number.NaN][random.below(4)]!,
  },
];

for (const one of CASES) {
  test(`WebAssembly watches to the same bits as TypeScript: ${one.name}`, () => {
    const random = createRandom(1);
    const { features, outputs } = one;
    const names = Array.from({ length: features }, (_, j) => `f${j}`);
    const targets = Array.from({ length: outputs }, (_, j) => `y${j}`);
    const held = draw(one, one.heldOut, one.reference, random, (r) => r.normal() ** 2);
    const baseline = makeBaseline(held, names, targets, 1);
    const [plain, wasm] = [partsOf(baseline), partsOf(baseline)];
    const watches = [new PlainRowCounter(plain), WasmRowCounter.create(wasm)!];
    let beyond = 0;
    for (let seen = 0; seen < one.rows; ) {
      const rows = draw(one, 1 + random.below(300), one.live, random, one.error);
      const request = { ...rows, counted: Math.min(rows.count, 250) };
      const [expected, found] = watches.map((watch) => take(watch, request));
      assert.deepEqual(found, expected, 'rows that brought a chart beyond its limit');
      beyond += expected!.length;
      seen += request.counted;
    }
    assert.deepEqual(contents(wasm), contents(plain));
    if (one.name.includes('a drift')) assert.ok(beyond > 1000, `${beyond} alarms`);
  });
}

test('where WebAssembly is missing, a monitor counts the same', () => {
  const random = createRandom(1);
  const held = draw(NORMAL, 500, NORMAL.reference, random, NORMAL.error);
  const names = Array.from({ length: NORMAL.features }, (_, j) => `f${j}`);
  const input = JSON.stringify(makeBaseline(held, names, ['y'], 1));
  const program = `
    const { readFileSync } = await import('node:fs');
    const { DriftMonitor } = await import(${JSON.stringify(new URL('../../../src/drift/monitor/monitor.js', import.meta.url))});
    const { createRandom } = await import(${JSON.stringify(new URL('../../../src/base/statistics/random.js', import.meta.url))});
    const random = createRandom(2);
    const monitor = new DriftMonitor(JSON.parse(readFileSync(0, 'utf8')), { clock: () => 0 });
    const rows = Float32Array.from({ length: 700 * 8 }, () => random.normal());
    const others = Float32Array.from({ length: 700 }, () => random.uniform());
    for (let i = 0; i < 3; i++) monitor.observe(rows, 700, others, others);
    console.log(typeof WebAssembly);
    console.log(JSON.stringify([monitor.state(), monitor.report(), Array.from(monitor.counters.pValues)]));`;
  const [[first, ...counted], [missing, ...same]] = [[], ['--jitless']].map((flags) => {
    const given = [...flags, '--input-type=module', '--eval', program];
    const { stdout, stderr } = spawnSync(process.execPath, given, { input, encoding: 'utf8' });
    assert.notEqual(stdout, '', stderr);
    return stdout.split('\n');
  }) as [string[], string[]];
  assert.deepEqual([first, missing], ['object', 'undefined']);
  assert.deepEqual(same, counted);
});

function heavy(random: Random): number {
  return Math.exp(4 * random.normal());
}

function draw({ features, outputs }: Case, count: number, value: Draw, random: Random, error: Case['error']): HeldOut {
  return {
    count,
    rows: Float32Array.from({ length: count * features }, (_, at) => value(random, at % features)),
    outputs: Float32Array.from({ length: count * outputs }, (_, at) => value(random, at % outputs)),
    errors: Float32Array.from({ length: count }, () => error(random)),
  };
}

function partsOf(baseline: Baseline): WatchParts {
  const channels = channelsOf(baseline);
  return {
    reader: new RowReader(baseline, channels),
    tally: new RowCounts(channels),
    counters: new Counters(channels),
    designEffect: new DesignEffect(channels.length, 10),
    charts: new Charts(baseline, channels, 10_000),
  };
}

/** Takes all rows that count. Returns those that brought a chart beyond its limit. */
function take(watch: RowCounter, request: RequestRows): number[] {
  const beyond: number[] = [];
  for (let i = 0; i < request.counted; ) {
    i = watch.take(request, i, request.counted);
    if (watch.beyond) beyond.push(i - 1);
  }
  return beyond;
}

/** Everything that was counted. */
function contents({ tally, counters, designEffect, charts }: WatchParts) {
  return {
    tally: tally.state(),
    sums: Array.from(tally.sums),
    p: Array.from(counters.pValues),
    pSum: counters.pValueSum,
    designEffect: designEffect.state(),
    charts: charts.state(),
    statistics: tally.channels.map((_, c) => charts.histograms.statistic(c)),
  };
}

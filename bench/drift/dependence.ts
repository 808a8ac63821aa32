// Measures what the drift monitor says of rows that depend on each other, and of faults that follow one another, on California
// housing, and replaces that section of docs/drift-benchmark.md. Exits with 1 if a target is missed.
// Usage: npm run bench:dependence, after bench:drift, with the directory of california-housing.csv in CALIFORNIA_DIR. --quick
// takes a minute and gives rough figures.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/base/statistics/random.js';
import { DriftMonitor } from '../../src/drift/monitor/monitor.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { median } from '../tools/report.js';
import { housingDirectory } from '../training/california-housing.js';
import { makeSplit, readHousing, type Split } from './housing.js';
import { ORDERS, type Order } from './orders.js';
import { Pool } from './pool.js';
import { type BenchShift, benchShifts } from './shifts.js';
import { shifted } from './windows.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const PAGE = 'docs/drift-benchmark.md';
const START = '<!-- dependence -->';
const END = '<!-- /dependence -->';
const SPLITS = flags.quick ? 1 : 4;
/** Rows of each stream; and the columns by which rows are sorted, in turn. */
const ROWS = flags.quick ? 60_000 : 200_000;
const COLUMNS = ['MedInc', 'AveRooms', 'Latitude'];
const REQUEST_ROWS = 50;
const MIN_ROWS_BETWEEN = 50_000;
const MAX_SHARE = 0.03;
/** Rows before a fault, of the first fault, and until the second. */
const QUIET_ROWS = 3000;
const FAULT_ROWS = 8000;
const MENDED_ROWS = 4000;
const MAX_DELAY = 2000;
const FAULT_STREAMS = flags.quick ? 8 : 24;

interface Outcome {
  readonly name: string;
  readonly rows: number;
  alarms: number;
  inAlarm: number;
  cannotTell: number;
  repeats: number;
}

const housing = readHousing(housingDirectory(positionals[0]));
const createEngine = await loadEngine('kernel');
const outcomes = ORDERS.map(
  ({ name }): Outcome => ({ name, rows: 0, alarms: 0, inAlarm: 0, cannotTell: 0, repeats: 0 }),
);
const delays = { first: new Map<string, number[]>(), second: new Map<string, number[]>() };
const endurance: boolean[] = [];
for (let number = 0; number < SPLITS; number++) {
  const split = await makeSplit(createEngine, housing, number);
  const rows = split.predict(split.test);
  ORDERS.forEach((order, i) => {
    for (const column of COLUMNS) tryOrder(split, rows, order, split.names.indexOf(column), number, outcomes[i]!);
  });
  for (const shift of secondFaults(split)) trySecondFault(split, rows, shift, number);
  split.close();
  console.error(`split ${number + 1} of ${SPLITS}`);
}
const missed = writeSection();
if (missed) process.exitCode = 1;

/** Sends rows without drift in an order to a fresh monitor. */
function tryOrder(split: Split, rows: HeldOut, order: Order, column: number, seed: number, outcome: Outcome): void {
  const stream = order.open(rows, column, createRandom(100 * seed + column));
  const monitor = new DriftMonitor(split.baseline, {
    clock: () => 0,
    onEvent: ({ type }) => {
      if (type === 'raised') outcome.alarms++;
    },
  });
  for (let sent = 0; sent < ROWS; sent += REQUEST_ROWS) {
    const part = stream(REQUEST_ROWS);
    monitor.observe(part.rows, REQUEST_ROWS, part.outputs, part.errors);
    if (monitor.alarms.some(({ detected }) => detected)) outcome.inAlarm += REQUEST_ROWS;
    const { windows } = monitor.dependence;
    outcome.cannotTell += (REQUEST_ROWS * windows.filter((effect) => !Number.isFinite(effect)).length) / windows.length;
  }
  outcome.repeats += monitor.repeats.found;
  (outcome as { rows: number }).rows += ROWS;
}

/** Second faults, of one feature each. */
function secondFaults(split: Split): BenchShift[] {
  return benchShifts(split).filter(
    ({ kind, name }) => kind === 'correlation' || name.endsWith('mean + 0.5 sd') || name.endsWith('spread × 1.5'),
  );
}

/** Measures the delay of a fault after rows without drift, and after another fault that lasted 8,000 rows and was mended. */
function trySecondFault(split: Split, rows: HeldOut, shift: BenchShift, seed: number): void {
  const streams = Math.ceil(FAULT_STREAMS / SPLITS);
  for (let i = 0; i < streams; i++) {
    const random = createRandom(1000 * seed + i);
    const quiet = new Pool(rows, random);
    const column = shift.columns[i % shift.columns.length]!;
    const other = benchShifts(split).find(({ name }) => name.endsWith('unit × 12'))!;
    const [fault, first] = [shifted(split, shift, column, random), shifted(split, other, (column + 3) % 8, random)];
    for (const which of ['first', 'second'] as const) {
      let raised = 0;
      const monitor = new DriftMonitor(split.baseline, {
        clock: () => 0,
        onEvent: ({ type }) => {
          if (type === 'raised') raised++;
        },
      });
      send(monitor, quiet, QUIET_ROWS);
      if (which === 'second') {
        send(monitor, new Pool(first, random), FAULT_ROWS);
        endurance.push(monitor.report().detected);
        send(monitor, quiet, MENDED_ROWS);
      }
      // A false alarm says nothing about the delay.
      if (monitor.report().detected && which === 'first') continue;
      raised = 0;
      const pool = new Pool(fault, random);
      let delay = Number.POSITIVE_INFINITY;
      for (let row = 1; row <= MAX_DELAY && delay === Number.POSITIVE_INFINITY; row++) {
        send(monitor, pool, 1);
        if (raised > 0) delay = row;
      }
      delays[which].set(shift.name, [...(delays[which].get(shift.name) ?? []), delay]);
    }
  }
}

function send(monitor: DriftMonitor, pool: Pool, rows: number): void {
  for (let sent = 0; sent < rows; sent += REQUEST_ROWS) {
    const count = Math.min(REQUEST_ROWS, rows - sent);
    const part = pool.next(count);
    monitor.observe(part.rows, count, part.outputs, part.errors);
  }
}

/** Writes the section. Returns whether a target is missed. */
function writeSection(): boolean {
  let missed = false;
  const judge = (reached: boolean) => {
    missed ||= !reached;
    return reached ? 'reached' : '**missed**';
  };
  const percent = (part: number, all: number) => `${((100 * part) / all).toFixed(1)} %`;
  const lines = [
    START,
    '## Rows that depend on each other',
    '',
    'Written by `npm run bench:dependence`, after `bench:drift` has printed the page. Rows without drift, in the order ' +
      `named, sent to a fresh monitor: ${SPLITS * COLUMNS.length} streams of ${ROWS.toLocaleString('en')} rows on ${SPLITS} splits, ` +
      `sorted by ${COLUMNS.join(', ')}. Targets: at least ${MIN_ROWS_BETWEEN.toLocaleString('en')} rows between false alarms, of all ` +
      'groups together, the first rows included; less than 3 % of the rows in alarm. "Undecided" is the share of channels, ' +
      'over all rows, of which the monitor says that drift cannot be distinguished from the order of the rows.',
    '',
    '| order | false alarms | rows between them | rows in alarm | undecided | repeats left out | |',
    '|---|---:|---:|---:|---:|---:|---|',
    ...outcomes.map(({ name, rows, alarms, inAlarm, cannotTell, repeats }) => {
      const between = alarms > 0 ? Math.round(rows / alarms).toLocaleString('en') : `over ${rows.toLocaleString('en')}`;
      const reached = rows >= alarms * MIN_ROWS_BETWEEN && inAlarm < MAX_SHARE * rows;
      const shares = [inAlarm, cannotTell, repeats].map((part) => percent(part, rows));
      return `| ${[name, alarms, between, ...shares, judge(reached)].join(' | ')} |`;
    }),
    '',
    '## A second fault after a mended first one',
    '',
    `Another feature × 12 for ${FAULT_ROWS.toLocaleString('en')} rows, then ${MENDED_ROWS.toLocaleString('en')} rows without fault, ` +
      `then the fault named. ${percent(endurance.filter(Boolean).length, endurance.length)} of the first faults were still in alarm ` +
      'when they were mended. Median rows from the fault to an alarm:',
    '',
    '| second fault | after another fault | without | |',
    '|---|---:|---:|---|',
    ...[...delays.second].map(([name, rows]) => {
      const [after, without] = [median(rows), median(delays.first.get(name)!)];
      // The medians of so few streams differ by chance.
      return `| ${[name, after, without, judge(after <= 1.25 * without + 10)].join(' | ')} |`;
    }),
    '',
    END,
  ];
  const page = readFileSync(PAGE, 'utf8');
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  const before = start === -1 ? `${page.trimEnd()}\n\n` : page.slice(0, start);
  const after = end === -1 ? '\n' : page.slice(end + END.length);
  writeFileSync(PAGE, before + lines.join('\n') + after);
  return missed;
}

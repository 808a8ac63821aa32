import { createRandom, shuffle } from '../../src/base/statistics/random.js';
import { GuardCharts } from '../../src/drift/guards/guard-charts.js';
import { channelsOf } from '../../src/drift/rows/channels.js';
import { rangesOf } from '../../src/model/baseline/baseline.js';
import { columnOf, numberFeature } from '../../src/model/baseline/features/feature-column.js';
import { makeBins } from '../../src/model/baseline/sketches/bins.js';
import { makeScoreGrid } from '../../src/model/baseline/sketches/normal-scores.js';
import type { Table as CellTable } from './garbage-tables.js';

/** Rows between false alarms of the guards' charts: 5 % of one alarm in 100,000 rows. */
const ROWS_BETWEEN = 2_000_000;
/** Numbers of held-out rows; and baselines for each, the rows sent to each, and its starts in order. */
const HELD_OUT = [100, 200, 400, 864, 2800];
const BASELINES = 80;
const QUICK_BASELINES = 20;
const ROWS = 25_000;
const STARTS = 16;
/** A total above what the share allows that is likelier than this is chance. */
const CHANCE = 0.025;
/**
 * So is one whose excess is at most this many standard errors over baselines: the range of few of them is so narrow that rows leave it
 * often, of the others so wide that they hardly do.
 */
const STANDARD_ERRORS = 2;
/** Rows of a request, which are a block of the monitor too; of a sorted day; and of its start that are sent. */
const REQUEST_ROWS = 100;
const DAY_ROWS = 5000;
const START_ROWS = 400;

/** A table of numbers, `[rows, columns]`; the last column is the target. */
interface Table {
  readonly name: string;
  readonly names: readonly string[];
  readonly matrix: Float32Array;
}

interface GuardAlarms {
  rows: number;
  alarms: number;
  /** Starts in the order of a column, and those in which a guard has raised an alarm. */
  starts: number;
  ringing: number;
}

/**
 * Sends rows of a table without drift to the guards' charts alone: `rows` in random order, and `starts` starts of sorted days, each
 * by one column, before it is known that the rows come in an order. `heldOut` rows are the baseline; the targets stand for
 * predictions.
 */
function guardAlarms(table: Table, heldOut: number, rows: number, starts: number, seed: number): GuardAlarms {
  const { names, matrix } = table;
  const d = names.length - 1;
  const random = createRandom(seed);
  const order = Int32Array.from({ length: matrix.length / (d + 1) }, (_, r) => r);
  shuffle(order, random);
  const held = order.subarray(0, heldOut);
  const rest = order.subarray(heldOut);
  const columns = (index: Int32Array) => {
    const selected = new Float32Array(index.length * d);
    index.forEach((r, i) => {
      selected.set(matrix.subarray(r * (d + 1), r * (d + 1) + d), i * d);
    });
    const outputs = Float32Array.from(index, (r) => matrix[r * (d + 1) + d]!);
    return { rows: selected, outputs, errors: outputs };
  };
  const { rows: values, outputs } = columns(held);
  const sorted = (numbers: Float32Array, width: number, j: number) =>
    Float64Array.from({ length: heldOut }, (_, r) => numbers[r * width + j]!).sort();
  const target = sorted(outputs, 1, 0);
  const [targets] = rangesOf(columns(order.subarray(0, 5 * heldOut)).outputs, 1);
  // A whole baseline would calibrate charts, which takes longer than all that follows.
  const summary = {
    rows: heldOut,
    features: names.slice(0, d).map((name, j) => numberFeature(name, sorted(values, d, j), heldOut)),
    outputs: [{ ...columnOf(names[d]!, target), grid: makeScoreGrid(target), ...(targets && { targets }) }],
    error: { bins: makeBins(target) },
    conditional: null,
  };
  const channels = channelsOf(summary);
  const effects = (effect: number) => new Float64Array(channels.length).fill(effect);
  const marks = new Uint8Array(REQUEST_ROWS).fill(1);
  const send = (charts: GuardCharts, index: Int32Array) => {
    const count = index.length;
    charts.observe({ ...columns(index), count, counted: count }, 0, count, marks);
    charts.testFirstRows();
    return charts.takeRaised().length;
  };
  const found = { rows: 0, alarms: 0, starts: 0, ringing: 0 };
  const charts = new GuardCharts(summary, channels, ROWS_BETWEEN, effects(1), effects(1));
  for (let at = rest.length; found.rows < rows; at += REQUEST_ROWS, found.rows += REQUEST_ROWS) {
    if (at + REQUEST_ROWS > rest.length) {
      shuffle(rest, random);
      at = 0;
    }
    // The alarm of the group is one, however many columns raise it.
    const lasts = charts.beyond;
    const raised = send(charts, rest.subarray(at, at + REQUEST_ROWS));
    found.alarms += Number(raised > 0 && !lasts);
    charts.settle();
  }
  for (; found.starts < starts; found.starts++) {
    const column = found.starts % d;
    const sign = Math.floor(found.starts / d) % 2 === 0 ? 1 : -1;
    const key = (r: number) => matrix[r * (d + 1) + column]!;
    shuffle(rest, random);
    const day = rest.slice(0, DAY_ROWS).sort((a, b) => sign * (key(a) - key(b)));
    const fresh = new GuardCharts(summary, channels, ROWS_BETWEEN, effects(Number.POSITIVE_INFINITY), effects(1));
    let raised = 0;
    for (let at = 0; at < START_ROWS; at += REQUEST_ROWS) raised += send(fresh, day.subarray(at, at + REQUEST_ROWS));
    found.ringing += Number(raised > 0);
  }
  return found;
}

function toMatrix({ name, names, rows }: CellTable): Table {
  return { name, names, matrix: Float32Array.from(rows.flat()) };
}

/** Prints the alarms on `tables`. Returns whether the guards raise more of them than their share allows. */
export function printGuardAlarms(raw: readonly CellTable[], quick: boolean): boolean {
  const tables = raw.map(toMatrix);
  const baselines = quick ? QUICK_BASELINES : BASELINES;
  const each = baselines * ROWS;
  console.log("\n## The guards' charts alone\n");
  console.log(
    `${quick ? 'Printed with `--quick`. ' : ''}Alarms of the guards' charts on rows without drift: for each table and number of held-out rows ${each.toLocaleString('en')} ` +
      `rows, compared with ${baselines} baselines. The setting allows one in ${ROWS_BETWEEN.toLocaleString('en')} rows. In brackets, ` +
      `the baselines that raise them, and the share of ${baselines * STARTS} starts in the order of a column that raise an alarm within ${START_ROWS} rows.\n`,
  );
  console.log(
    `| | ${HELD_OUT.map((m) => `${m} held-out rows`).join(' | ')} |\n|---|${'---:|'.repeat(HELD_OUT.length)}`,
  );
  const ofBaselines = HELD_OUT.map((): number[] => []);
  for (const table of tables) {
    const figures = HELD_OUT.map((heldOut, i) => {
      const all = Array.from({ length: baselines }, (_, seed) => guardAlarms(table, heldOut, ROWS, STARTS, seed));
      const sum = (of: (one: GuardAlarms) => number) => all.reduce((total, one) => total + of(one), 0);
      const alarms = sum((one) => one.alarms);
      ofBaselines[i]!.push(...all.map((one) => one.alarms));
      return `${alarms} (${ringing(all)}, ${((100 * sum((one) => one.ringing)) / sum((one) => one.starts)).toFixed(1)} %)`;
    });
    console.log(`| ${[table.name, ...figures].join(' | ')} |`);
    console.error(`guards of ${table.name}: done`);
  }
  const allowed = (each * tables.length) / ROWS_BETWEEN;
  const totals = ofBaselines.map((counts) => counts.reduce((total, alarms) => total + alarms, 0));
  const verdicts = totals.map(
    (alarms, i) =>
      probabilityOf(alarms, allowed) >= CHANCE || alarms - allowed <= STANDARD_ERRORS * errorOf(ofBaselines[i]!),
  );
  const cells = totals.map(
    (alarms, i) => `${alarms} ± ${errorOf(ofBaselines[i]!).toFixed(0)}, ${verdicts[i] ? 'reached' : '**missed**'}`,
  );
  console.log(`| ${[`all; at most ${allowed.toFixed(0)}, within chance`, ...cells].join(' | ')} |`);
  return verdicts.includes(false);
}

/** The number of baselines with an alarm. */
function ringing(all: readonly GuardAlarms[]): number {
  return all.filter(({ alarms }) => alarms > 0).length;
}

/** The standard error of the sum of `counts`, of one baseline each. */
function errorOf(counts: readonly number[]): number {
  const n = counts.length;
  const mean = counts.reduce((sum, count) => sum + count / n, 0);
  return Math.sqrt(counts.reduce((sum, count) => sum + ((count - mean) ** 2 * n) / (n - 1), 0));
}

/** The probability of at least `alarms` alarms if `allowed` are expected. */
function probabilityOf(alarms: number, allowed: number): number {
  let fewer = 0;
  for (let k = 0, term = Math.exp(-allowed); k < alarms; k++, term *= allowed / k) fewer += term;
  return 1 - fewer;
}

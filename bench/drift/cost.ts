import { createRandom } from '../../src/base/statistics/random.js';
import { DriftMonitor } from '../../src/drift/monitor/monitor.js';
import { type HeldOut, makeBaseline } from '../../src/model/baseline/baseline.js';
import { median } from '../tools/report.js';

export const ROWS = 5000;
export const NARROW = 8;
const WIDE = 50;
export const TURNS = 60;
const REPORTS = 60;
/** Rows whose allocations are measured, in blocks, so that the garbage collector runs in only a few of them. */
const COUNTED_ROWS = 1_000_000;

/** Median and minimum of several turns, some of which other processes may disturb. */
export interface Timing {
  readonly median: number;
  readonly best: number;
}

export interface Cost {
  /** Microseconds per row at 8 features: in requests of 100 rows, and of one. */
  readonly batched: Timing;
  readonly single: Timing;
  /** Milliseconds at 50 features. */
  readonly report: Timing;
  /** Bytes of JSON at 50 features, with every minute and hour in use. */
  readonly state: number;
  /** Heap growth per row in bytes, between window tests. */
  readonly allocated: number;
}

/** Measures the cost of observing rows without drift. */
export function measureCost(): Cost {
  const rows = normalRows(NARROW);
  const monitor = new DriftMonitor(baselineOf(rows), { clock: () => 0 });
  const hundreds = requestsOf(rows, 100);
  return {
    batched: timing(TURNS, () => (1000 * milliseconds(monitor, hundreds)) / ROWS),
    single: measureSingle(),
    ...measureWide(),
    allocated: measureAllocation(rows),
  };
}

/** Measures the microseconds per request of one row with 8 features. */
function measureSingle(): Timing {
  const rows = normalRows(NARROW);
  const monitor = new DriftMonitor(baselineOf(rows), { clock: () => 0 });
  const ones = requestsOf(rows, 1);
  return timing(TURNS, () => (1000 * milliseconds(monitor, ones)) / ROWS);
}

function measureWide(): { report: Timing; state: number } {
  const rows = normalRows(WIDE);
  let now = 0;
  const monitor = new DriftMonitor(baselineOf(rows), { clock: () => now });
  const requests = requestsOf(rows, 10);
  // A day with rows in every minute fills the time rings.
  for (let minute = 0; minute < 24 * 60; minute++, now += 60_000) {
    observe(monitor, requests[minute % requests.length]!);
  }
  const report = timing(REPORTS, () => {
    const start = performance.now();
    monitor.report();
    return performance.now() - start;
  });
  return { report, state: Buffer.byteLength(JSON.stringify(monitor.state())) };
}

function measureAllocation(rows: HeldOut): number {
  // Window tests are rare, so their allocations are excluded.
  const windowRows = 2 * COUNTED_ROWS;
  const monitor = new DriftMonitor(baselineOf(rows), {
    windowRows,
    rowsBetweenFalseAlarms: 10 * windowRows,
    clock: () => 0,
  });
  const requests = requestsOf(rows, 100);
  const growths: number[] = [];
  for (let counted = 0; counted < COUNTED_ROWS; counted += ROWS) {
    const before = process.memoryUsage().heapUsed;
    milliseconds(monitor, requests);
    growths.push(process.memoryUsage().heapUsed - before);
  }
  return median(growths) / ROWS;
}

function milliseconds(monitor: DriftMonitor, requests: readonly HeldOut[]): number {
  const start = performance.now();
  for (const request of requests) observe(monitor, request);
  return performance.now() - start;
}

function observe(monitor: DriftMonitor, { rows, count, outputs, errors }: HeldOut): void {
  monitor.observe(rows, count, outputs, errors);
}

export function timing(turns: number, turn: () => number): Timing {
  const times = Array.from({ length: turns }, turn);
  return { median: median(times), best: Math.min(...times) };
}

export function normalRows(features: number): HeldOut {
  const random = createRandom(1);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  return {
    count: ROWS,
    rows: normals(ROWS * features),
    outputs: normals(ROWS),
    errors: normals(ROWS).map((value) => value * value),
  };
}

export function baselineOf(rows: HeldOut) {
  const names = Array.from({ length: rows.rows.length / ROWS }, (_, j) => `feature ${j}`);
  return makeBaseline(rows, names, ['target'], 1);
}

/** Divides the rows into requests of `count` rows each. */
export function requestsOf({ rows, outputs, errors }: HeldOut, count: number): HeldOut[] {
  const d = rows.length / ROWS;
  return Array.from({ length: ROWS / count }, (_, i) => ({
    count,
    rows: rows.subarray(i * count * d, (i + 1) * count * d),
    outputs: outputs.subarray(i * count, (i + 1) * count),
    errors: errors.subarray(i * count, (i + 1) * count),
  }));
}

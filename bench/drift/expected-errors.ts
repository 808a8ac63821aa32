import { createRandom, type Random, shuffle } from '../../src/base/statistics/random.js';
import { expectErrors } from '../../src/drift/feedback/expected-errors.js';
import { DriftMonitor } from '../../src/drift/monitor/monitor.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import type { Split } from './housing.js';
import { type BenchShift, benchShifts } from './shifts.js';
import { shifted } from './windows.js';

/** Rows of a window. */
export const EXPECTED_ROWS = 500;

/** One window: the true errors of its rows, and what the monitor expects without their targets. */
export interface ExpectedTrial {
  readonly split: number;
  readonly shift: string;
  readonly truth: number;
  /** The RMSE and its interval; undefined if there is no estimate. */
  readonly expected: { readonly estimate: number; readonly low: number; readonly high: number } | undefined;
  /** `[EXPECTED_ROWS, features]` */
  readonly rows: Float32Array;
  /** `[EXPECTED_ROWS]` */
  readonly outputs: Float32Array;
}

const NOTHING: BenchShift = { kind: 'mean', name: 'nothing', ofOne: false, columns: [0], change: () => {} };

/** Estimates the errors of `windows` windows of each shift and each column that it is applied to. */
export function tryExpectedErrors(split: Split, number: number, windows: number): ExpectedTrial[] {
  const trials: ExpectedTrial[] = [];
  for (const shift of [NOTHING, ...benchShifts(split)]) {
    for (const j of shift.columns) {
      const random = createRandom(1000 * number + j);
      const rows = shifted(split, shift, j, random);
      const targets = shift.kind === 'population' ? targetsOf(split, rows.rows) : split.testTargets;
      for (let w = 0; w < windows; w++) {
        const chosen = differentRows(rows, random);
        const window = pick(rows, chosen);
        trials.push({
          split: number,
          shift: shift.name,
          truth: rmse(rows.outputs, targets, chosen),
          expected: expectedOf(split, window),
          rows: window.rows,
          outputs: window.outputs,
        });
      }
    }
  }
  return trials;
}

function expectedOf({ baseline }: Split, { rows, count, outputs, errors }: HeldOut): ExpectedTrial['expected'] {
  const monitor = new DriftMonitor(baseline, { windowRows: EXPECTED_ROWS, rowsPerRequest: EXPECTED_ROWS });
  monitor.observe(rows, count, outputs, errors);
  const { targets } = expectErrors(baseline, monitor.latestWindow);
  return targets ? Object.values(targets)[0]!.rmse : undefined;
}

/** Draws a window of rows of which no two are equal: the monitor does not count repeats. */
function differentRows({ rows, count }: HeldOut, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, r) => r);
  shuffle(order, random);
  const d = rows.length / count;
  const seen = new Map<string, number>();
  for (const r of order) {
    const key = rows.subarray(r * d, (r + 1) * d).join();
    if (!seen.has(key)) seen.set(key, r);
    if (seen.size === EXPECTED_ROWS) break;
  }
  return Int32Array.from(seen.values());
}

/** Copies the rows with the numbers `chosen`. */
function pick(all: HeldOut, chosen: Int32Array): HeldOut {
  const d = all.rows.length / all.count;
  const rows = new Float32Array(chosen.length * d);
  chosen.forEach((row, i) => {
    rows.set(all.rows.subarray(row * d, (row + 1) * d), i * d);
  });
  const column = (values: Float32Array) => Float32Array.from(chosen, (row) => values[row]!);
  return { count: chosen.length, rows, outputs: column(all.outputs), errors: column(all.errors) };
}

function rmse(outputs: Float32Array, targets: Float32Array, chosen: Int32Array): number {
  let sum = 0;
  for (const row of chosen) sum += (outputs[row]! - targets[row]!) ** 2;
  return Math.sqrt(sum / chosen.length);
}

/** The targets of test rows that were put in the places of others. */
function targetsOf({ test, testTargets, names }: Split, rows: Float32Array): Float32Array {
  const d = names.length;
  // The first feature of a row that stands for another differs a little, see shifts.ts.
  const keyOf = (all: Float32Array, r: number) => all.subarray(r * d + 1, (r + 1) * d).join();
  const known = new Map(Array.from(testTargets, (target, r) => [keyOf(test, r), target]));
  return Float32Array.from(testTargets, (_, r) => known.get(keyOf(rows, r))!);
}

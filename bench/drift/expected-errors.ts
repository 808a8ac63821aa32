import { createRandom } from '../../src/base/statistics/random.js';
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
  readonly column: string;
  readonly truth: number;
  /** The RMSE and its interval; undefined if the monitor cannot tell. */
  readonly expected: { readonly estimate: number; readonly low: number; readonly high: number } | undefined;
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
        const chosen = Int32Array.from({ length: EXPECTED_ROWS }, () => random.below(rows.count));
        const expected = expectedOf(split, rows, chosen);
        const column = shift.ofOne ? split.names[j]! : '';
        trials.push({ split: number, shift: shift.name, column, truth: rmse(rows.outputs, targets, chosen), expected });
      }
    }
  }
  return trials;
}

function expectedOf(split: Split, rows: HeldOut, chosen: Int32Array): ExpectedTrial['expected'] {
  const monitor = new DriftMonitor(split.baseline, { windowRows: EXPECTED_ROWS, rowsPerRequest: EXPECTED_ROWS });
  const d = split.names.length;
  const window = new Float32Array(chosen.length * d);
  chosen.forEach((row, i) => {
    window.set(rows.rows.subarray(row * d, (row + 1) * d), i * d);
  });
  const pick = (values: Float32Array) => Float32Array.from(chosen, (row) => values[row]!);
  monitor.observe(window, chosen.length, pick(rows.outputs), pick(rows.errors));
  const { targets } = expectErrors(split.baseline, monitor.latestWindow);
  return targets ? Object.values(targets)[0]!.rmse : undefined;
}

function rmse(outputs: Float32Array, targets: Float32Array, chosen: Int32Array): number {
  let sum = 0;
  for (const row of chosen) sum += (outputs[row]! - targets[row]!) ** 2;
  return Math.sqrt(sum / chosen.length);
}

/** The targets of test rows that were put in the places of others. */
function targetsOf({ test, testTargets, names }: Split, rows: Float32Array): Float32Array {
  const d = names.length;
  const keyOf = (all: Float32Array, r: number) => all.subarray(r * d, (r + 1) * d).join();
  const known = new Map(Array.from(testTargets, (target, r) => [keyOf(test, r), target]));
  return Float32Array.from(testTargets, (_, r) => known.get(keyOf(rows, r))!);
}

import { workerTask } from '../../../base/node/worker-task.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../../model/baseline/baseline.js';
import { carryExpectedErrors } from '../../../model/baseline/carry-expected-errors.js';
import type { Column } from '../../../model/columns/column.js';

/** Rows to make a baseline of. */
export interface BaselineTask {
  readonly rows: HeldOut;
  readonly features: readonly string[];
  readonly targets: readonly string[];
  /** What the codes of rows stand for; without them, all are numbers. */
  readonly columns: readonly Column[] | undefined;
  readonly seed: number;
  /** The baseline that is replaced. */
  readonly former: Baseline;
}

// The thread of rebaseline.ts.
export const calibrate = workerTask(({ rows, features, targets, columns, seed, former }: BaselineTask): Baseline => {
  const baseline = makeBaseline(
    rows,
    features,
    targets,
    seed,
    former.outputs.map((output) => output.targets),
    columns,
  );
  const expected = carryExpectedErrors(former, baseline, rows);
  return expected ? { ...baseline, expected_errors: expected } : baseline;
});

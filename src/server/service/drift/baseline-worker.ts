import { workerTask } from '../../../base/node/worker-task.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../../model/baseline/baseline.js';

/** Rows to make a baseline of. */
export interface BaselineTask {
  readonly rows: HeldOut;
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly seed: number;
}

// The thread of rebaseline.ts.
export const calibrate = workerTask(
  ({ rows, features, targets, seed }: BaselineTask): Baseline => makeBaseline(rows, features, targets, seed),
);

import { parentPort, workerData } from 'node:worker_threads';
import { type Baseline, type HeldOut, makeBaseline } from '../../../model/baseline/baseline.js';

/** Rows to make a baseline of. */
export interface BaselineTask {
  readonly rows: HeldOut;
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly seed: number;
}

// The thread of baseline-thread.ts.
if (parentPort) {
  const { rows, features, targets, seed } = workerData as BaselineTask;
  parentPort.postMessage(makeBaseline(rows, features, targets, seed) satisfies Baseline);
}

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Baseline } from '../../../model/baseline/baseline.js';
import type { BaselineTask } from './baseline-worker.js';

/**
 * Makes a baseline in a thread of its own, which ends with it: the charts' calibration would hold the event loop for
 * seconds with hundreds of features. Rejects with what `makeBaseline` throws.
 */
export async function makeBaselineInThread(task: BaselineTask): Promise<Baseline> {
  const worker = new Worker(new URL(import.meta.resolve('#built/baseline-worker.js')), { workerData: task });
  try {
    const [baseline] = await once(worker, 'message');
    return baseline;
  } finally {
    await worker.terminate();
  }
}

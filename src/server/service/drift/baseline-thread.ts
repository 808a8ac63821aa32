import { WorkerThread } from '../../../base/node/worker-thread.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import type { BaselineTask } from './baseline-worker.js';

/**
 * Makes a baseline in a thread that ends afterwards: with hundreds of features, the calibration of the charts would block the
 * event loop for seconds. Rejects with the error that `makeBaseline` throws.
 */
export async function makeBaselineInThread(task: BaselineTask): Promise<Baseline> {
  const thread = new WorkerThread('baseline-worker.js');
  try {
    return await thread.run<Baseline>('calibrate', task);
  } finally {
    await thread.close();
  }
}

import { WorkerThread } from '../../../base/node/worker-thread.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import type { BaselineTask } from './baseline-worker.js';

/**
 * Makes a baseline in a thread of its own, which then ends: calibrating the charts would hold the event loop for seconds
 * with hundreds of features. Rejects with what `makeBaseline` throws.
 */
export async function makeBaselineInThread(task: BaselineTask): Promise<Baseline> {
  const thread = new WorkerThread('baseline-worker.js');
  try {
    return await thread.run<Baseline>('calibrate', task);
  } finally {
    await thread.close();
  }
}

import { setPriority } from 'node:os';
import { workerTask } from '../../../base/node/worker-task.js';
import { loadEngine } from '../../engines/load-engine.js';
import { type FoldTask, runFold } from './fold-task.js';

// A thread of training-pool.ts.

/** Requests come first, with three times the share of a processor that both want. */
const NICENESS = 5;

giveWay();
const engine = loadEngine('kernel');

export const predictFold = workerTask(
  async (task: FoldTask) => runFold(await engine, task),
  ({ outputs, errors }) => [outputs, errors],
);

/** Lowers the priority of this thread alone. Of Linux only: elsewhere, the priority is that of the whole process. */
function giveWay(): void {
  if (process.platform === 'linux') setPriority(NICENESS);
}

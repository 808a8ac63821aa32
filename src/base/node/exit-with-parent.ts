import { Worker } from 'node:worker_threads';
import { builtFile } from './built-file.js';

/** Heap of the thread, in MiB. */
const HEAP = 8;

/**
 * Ends this child process when its parent has died, however it died, even while this one computes: no other process would use or
 * remove what it makes. A child that only waits notices the end of its channel at once; a thread notices the rest.
 */
export function exitWithParent(): void {
  process.on('disconnect', () => process.exit(1));
  const watch = new Worker(builtFile('parent-watch-worker.js'), {
    workerData: process.ppid,
    resourceLimits: { maxOldGenerationSizeMb: HEAP },
  });
  // Without the thread, the end of the channel is noticed when the computation yields.
  watch.on('error', () => {});
  watch.unref();
}

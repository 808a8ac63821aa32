// Preloaded into a server: replies to each message of the parent with the longest turn of the event loop and the peak memory
// since the previous message. It times every turn, so unlike monitorEventLoopDelay it is not limited by the resolution of a
// timer. Wall time includes other work on the machine: on a busy machine, `longest` is an upper bound, and `processor` is the
// CPU time of the thread itself.
import { threadCpuUsage } from '../tools/thread-cpu.js';

/** Milliseconds, MiB. */
export interface LoopReport {
  readonly longest: number;
  /** Maximum CPU time of the thread in one turn; NaN where the system does not report it. */
  readonly processor: number;
  readonly peak: number;
}

let last = performance.now();
let lastCpu = threadCpuUsage();
let longest = 0;
let processor = 0;
let peak = 0;
let turns = 0;

setImmediate(turn);
process.on('message', () => {
  process.send?.({ longest, processor, peak } satisfies LoopReport);
  longest = processor = 0;
  peak = process.memoryUsage.rss() / 2 ** 20;
});
process.channel?.unref();

function turn(): void {
  const now = performance.now();
  const cpu = threadCpuUsage();
  longest = Math.max(longest, now - last);
  processor = Math.max(processor, Math.min(now - last, cpu - lastCpu));
  [last, lastCpu] = [now, cpu];
  if (++turns % 64 === 0) peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20);
  setImmediate(turn);
}

// Loaded into a server before its own code: tells its parent how long the event loop was kept from turning, and how much
// memory was held, since it was last asked. No timer's resolution is in the way, as with monitorEventLoopDelay: each turn
// is timed. By the clock, what the processor did for others meanwhile counts, too: on a busy machine `longest` is an upper
// bound, and `processor` is what the thread itself had.
import { threadCpuUsage } from '../tools/thread-cpu.js';

/** Milliseconds, MiB. */
export interface LoopReport {
  readonly longest: number;
  /** The most processor time that the thread had in one turn; NaN where the system does not tell. */
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

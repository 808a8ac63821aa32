import { readFileSync } from 'node:fs';

/** Milliseconds that the calling process' main thread has had of the processor; NaN where Linux' /proc is missing. */
export function threadCpuUsage(): number {
  try {
    // The first number: nanoseconds on the processor.
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10) / 1e6;
  } catch {
    return Number.NaN;
  }
}

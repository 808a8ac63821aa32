import { readFileSync } from 'node:fs';

/** Returns the CPU time of the calling thread in milliseconds; NaN without /proc, which only Linux has. */
export function threadCpuUsage(): number {
  try {
    // The first number is CPU time in nanoseconds.
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10) / 1e6;
  } catch {
    return Number.NaN;
  }
}

import { readFileSync } from 'node:fs';
import { usableMemory } from '../../base/node/memory-limits.js';

/** Descriptors left to files, children and threads. */
const OTHER_DESCRIPTORS = 256;
/** Where the limit of descriptors is unknown: that of macOS, to which Node.js raises its own. */
const DEFAULT_DESCRIPTORS = 10_240;
/** Bytes of a connection with a request that waits: 24 KiB in this process, measured by `npm run bench:overload`, and the kernel's. */
const BYTES_PER_CONNECTION = 32 * 1024;
/** Share of the memory that connections may take. */
const SHARE = 1 / 4;

/** The maximum number of connections, from the limits of this process. */
export function maxConnections(): number {
  return connectionsWithin(maxDescriptors(), usableMemory());
}

/** The maximum number of connections of a process with this many file descriptors and bytes of memory. */
export function connectionsWithin(descriptors: number, memory: number): number {
  const free = Math.max(descriptors - OTHER_DESCRIPTORS, descriptors / 2);
  return Math.floor(Math.min(free, (memory * SHARE) / BYTES_PER_CONNECTION));
}

function maxDescriptors(): number {
  try {
    const [, soft] = /^Max open files +(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft) || DEFAULT_DESCRIPTORS;
  } catch {
    return DEFAULT_DESCRIPTORS;
  }
}

import { totalmem } from 'node:os';

const MIB = 2 ** 20;

/** How the memory that this process may use is divided. */
export interface MemoryLimits {
  /** Bytes that all requests may hold at once: their bodies, the rows in them, and their replies. */
  readonly requests: number;
  /** Heap of a thread, in MiB. */
  readonly threadHeap: number;
  /** Heap of a child process, in MiB. */
  readonly childHeap: number;
}

/** MiB of the processes themselves: this one and two children, without what they work on. */
const OWN = 144;

/** Bytes of heap that a parsed value takes at most: itself, such as a short text, and its place in an array. */
const BYTES_PER_VALUE = 48;
/** No request needs more, however much memory there is. */
const MAX_VALUES = 2 ** 22;

/** Divides `total` bytes. `test/e2e/docker/memory.docker.ts` measures that the shares fit. */
export function memoryLimits(total: number): MemoryLimits {
  return {
    requests: MIB * within(24, (total / MIB - OWN) / 3, 256),
    threadHeap: within(56, total / MIB / 6, 256),
    childHeap: within(64, total / MIB / 4, 4096),
  };
}

/**
 * Returns how many values the text of a request may have, of this many bytes, to be parsed in a thread. All must fit in its heap,
 * beside the text: V8 ends the whole process, and not only the thread, if a large array does not.
 */
export function maxValues(bytes: number, { threadHeap }: MemoryLimits = MEMORY): number {
  return Math.min(MAX_VALUES, Math.max(0, Math.floor((threadHeap * MIB - bytes) / BYTES_PER_VALUE)));
}

function within(min: number, value: number, max: number): number {
  return Math.floor(Math.min(Math.max(value, min), max));
}

/** Bytes that this process may use: the limit of its control group, or else the machine's memory. */
export function usableMemory(): number {
  const machine = totalmem();
  // 0, or a number far above the machine's memory, if there is no limit.
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < machine ? constrained : machine;
}

/** The limits of this process. */
export const MEMORY: MemoryLimits = memoryLimits(usableMemory());

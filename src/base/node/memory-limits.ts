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
  /** Numbers, texts, arrays and objects that one body may have if objects are made of them. */
  readonly values: number;
}

/** MiB of the processes themselves: this one and two children, without what they work on. */
const OWN = 96;

/** Bytes that a value takes while its text is parsed: in the parser's stack, in its array as that grows, and on its own. */
const BYTES_PER_VALUE = 32;

/** Divides `total` bytes. `test/e2e/docker/memory.docker.ts` measures that the shares fit. */
export function memoryLimits(total: number): MemoryLimits {
  const threadHeap = within(48, total / MIB / 8, 256);
  return {
    requests: MIB * within(24, (total / MIB - OWN) / 4, 256),
    threadHeap,
    childHeap: within(64, total / MIB / 4, 4096),
    values: Math.min(2 ** 22, (threadHeap * MIB) / BYTES_PER_VALUE),
  };
}

function within(min: number, value: number, max: number): number {
  return Math.floor(Math.min(Math.max(value, min), max));
}

/** Bytes that this process may use: the limit of its control group, or else the machine's memory. */
function usableMemory(): number {
  const machine = totalmem();
  // 0, or a number far above the machine's memory, if there is no limit.
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < machine ? constrained : machine;
}

/** The limits of this process. */
export const MEMORY: MemoryLimits = memoryLimits(usableMemory());

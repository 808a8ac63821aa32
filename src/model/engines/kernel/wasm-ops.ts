import { builtFile } from '../../../base/node/built-file.js';
import { loadWasmModule, WASM_PAGE, type WasmMemory } from '../../../base/node/web-assembly.js';
import type { Ops } from './ops.js';

/** Instances that wait for the next network, and bytes of each, at most. */
const MAX_RELEASED = 4;
const MAX_RELEASED_BYTES = 2 ** 22;

/**
 * Loads the compiled kernel, `relaxed` with fused multiply-add or `simd` without. Returns undefined if this JavaScript engine
 * cannot run it. Each call of the returned function returns an instance with its own memory: one that has been released, or else a new
 * one. A search trains hundreds of networks within a second, and the garbage collector does not see how much memory they hold.
 *
 * Relaxed instructions round like the processor: results are the same bits on the same machine, but not on every machine.
 */
export function loadWasmOps(variant: 'relaxed' | 'simd'): (() => Ops) | undefined {
  const create = loadWasmModule(builtFile(`kernel-${variant}.wasm`));
  const released: Ops[] = [];
  return create && (() => released.pop() ?? opsOf(create(), released));
}

function opsOf(exports: unknown, released: Ops[]): Ops {
  const { memory, heapStart, ...operations } = exports as {
    memory: WasmMemory;
    heapStart: () => number;
  } & Omit<Ops, 'heap' | 'alloc' | 'release'>;
  const start = Math.ceil(heapStart() / 16) * 16;
  let end = start;
  /** Where the memory begins that no network has used. */
  let unused = start;
  const ops: Ops = {
    ...operations,
    heap: new Float32Array(memory.buffer),
    alloc(count) {
      const at = end;
      end = Math.ceil((at + count) / 16) * 16;
      const missing = 4 * end - memory.buffer.byteLength;
      if (missing > 0) {
        memory.grow(Math.ceil(missing / WASM_PAGE));
        ops.heap = new Float32Array(memory.buffer);
      }
      if (at < unused) ops.heap.fill(0, at, Math.min(end, unused));
      return at;
    },
    release() {
      unused = Math.max(unused, end);
      end = start;
      if (released.length < MAX_RELEASED && memory.buffer.byteLength <= MAX_RELEASED_BYTES) released.push(ops);
    },
  };
  return ops;
}

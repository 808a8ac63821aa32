import { builtFile } from '../../../base/node/built-file.js';
import { loadWasmModule, WASM_PAGE, type WasmMemory } from '../../../base/node/web-assembly.js';
import type { Ops } from './ops.js';

/**
 * Loads the compiled kernel, `relaxed` with fused multiply-add or `simd` without. Returns undefined if this JavaScript engine
 * cannot run it. Each call of the returned function creates an instance with its own memory.
 *
 * Relaxed instructions round like the processor: results are the same bits on the same machine, but not on every machine.
 */
export function loadWasmOps(variant: 'relaxed' | 'simd'): (() => Ops) | undefined {
  const create = loadWasmModule(builtFile(`kernel-${variant}.wasm`));
  return create && (() => opsOf(create()));
}

function opsOf(exports: unknown): Ops {
  const { memory, heapStart, ...operations } = exports as {
    memory: WasmMemory;
    heapStart: () => number;
  } & Omit<Ops, 'heap' | 'alloc'>;
  let end = Math.ceil(heapStart() / 16) * 16;
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
      return at;
    },
  };
  return ops;
}

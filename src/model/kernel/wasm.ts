import { readFileSync } from 'node:fs';
import type { Ops } from './ops.js';

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** As much of WebAssembly as is used here: TypeScript declares it only together with a browser's DOM. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

const PAGE = 65536;

/**
 * Loads the compiled kernel: `relaxed` has fused multiply-add, `simd` does without. Undefined where this JavaScript
 * engine does not know the instructions, or runs without WebAssembly (`--jitless`). Each call of the returned function
 * makes an instance with a memory of its own, which goes when the instance goes.
 *
 * Relaxed instructions round as the processor at hand does: the same bits on the same machine, not on every machine.
 */
export function loadWasm(variant: 'relaxed' | 'simd'): (() => Ops) | undefined {
  if (typeof WebAssembly === 'undefined') return undefined;
  const bytes = readFileSync(new URL(`./kernel-${variant}.wasm`, import.meta.url));
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = new WebAssembly.Module(bytes);
  return () => instantiate(module);
}

function instantiate(module: object): Ops {
  const instance = new WebAssembly.Instance(module);
  const { memory, heapStart, ...operations } = instance.exports as {
    memory: Memory;
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
        memory.grow(Math.ceil(missing / PAGE));
        ops.heap = new Float32Array(memory.buffer);
      }
      return at;
    },
  };
  return ops;
}

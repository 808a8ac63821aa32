import { WASM_PAGE, type WasmMemory } from './web-assembly.js';

export type NumberArray = Float64Array | Float32Array | Uint32Array | Int32Array | Uint8Array;

/** Memory that arrays can be moved into, such as that of a WebAssembly instance. */
export interface ArrayMemory {
  /** Copies `array` into the memory. Returns the copy, a view of the memory. */
  place<A extends NumberArray>(array: A): A;
}

/** Every array starts at a multiple of this many bytes, as SIMD loads prefer. */
const ALIGNMENT = 16;

/**
 * Lets `layOut` place arrays in `memory`, from byte `start` on. Calls it twice: growing a memory detaches the arrays in it, so
 * the first call only measures, with a memory that returns each array unchanged.
 */
export function placeArrays<T>(memory: WasmMemory, start: number, layOut: (memory: ArrayMemory) => T): T {
  let end = start;
  const reserve = ({ byteLength }: NumberArray): number => {
    const at = ALIGNMENT * Math.ceil(end / ALIGNMENT);
    end = at + byteLength;
    return at;
  };
  layOut({
    place(array) {
      reserve(array);
      return array;
    },
  });
  memory.grow(Math.ceil(end / WASM_PAGE));
  end = start;
  return layOut({
    place<A extends NumberArray>(array: A): A {
      const View = array.constructor as new (buffer: ArrayBuffer, start: number, length: number) => A;
      const copy = new View(memory.buffer, reserve(array), array.length);
      copy.set(array);
      return copy;
    },
  });
}

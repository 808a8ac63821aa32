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
  const end = new Measure(start);
  layOut(end);
  memory.grow(Math.ceil(end.bytes / WASM_PAGE));
  return layOut(new InstanceMemory(memory, start));
}

class Measure implements ArrayMemory {
  bytes: number;

  constructor(start: number) {
    this.bytes = start;
  }

  place<A extends NumberArray>(array: A): A {
    this.bytes = align(this.bytes) + array.byteLength;
    return array;
  }
}

class InstanceMemory implements ArrayMemory {
  private readonly memory: WasmMemory;
  private end: number;

  constructor(memory: WasmMemory, start: number) {
    this.memory = memory;
    this.end = start;
  }

  place<A extends NumberArray>(array: A): A {
    const View = array.constructor as new (buffer: ArrayBuffer, start: number, length: number) => A;
    const start = align(this.end);
    this.end = start + array.byteLength;
    const copy = new View(this.memory.buffer, start, array.length);
    copy.set(array);
    return copy;
  }
}

function align(bytes: number): number {
  return ALIGNMENT * Math.ceil(bytes / ALIGNMENT);
}

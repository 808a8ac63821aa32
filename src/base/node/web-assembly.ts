import { readFileSync } from 'node:fs';

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly used here: TypeScript declares it only together with a browser's DOM. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/** Bytes of a page, the unit in which a memory grows. */
export const WASM_PAGE = 65536;

/**
 * Loads a binary. Each call of the returned function makes an instance, with a memory of its own that is freed with the
 * instance, and returns its exports. Returns undefined if this JavaScript engine does not support the binary's
 * instructions, or runs without WebAssembly (`--jitless`).
 */
export function loadWasmModule(binary: URL): (() => unknown) | undefined {
  if (typeof WebAssembly === 'undefined') return undefined;
  const bytes = readFileSync(binary);
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = new WebAssembly.Module(bytes);
  return () => new WebAssembly.Instance(module).exports;
}

import { readFileSync } from 'node:fs';

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** As much of WebAssembly as is used here: TypeScript declares it only together with a browser's DOM. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/** Bytes by which a memory grows. */
export const WASM_PAGE = 65536;

/**
 * Loads a binary. Each call of the returned function makes an instance with a memory of its own, which goes when the
 * instance goes, and returns what it exports. Undefined where this JavaScript engine does not know the binary's
 * instructions, or runs without WebAssembly (`--jitless`).
 */
export function loadWasmModule(binary: URL): (() => unknown) | undefined {
  if (typeof WebAssembly === 'undefined') return undefined;
  const bytes = readFileSync(binary);
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = new WebAssembly.Module(bytes);
  return () => new WebAssembly.Instance(module).exports;
}

import { setFlagsFromString } from 'node:v8';
import { networkFactory } from '../../src/model/engines/kernel/network.js';
import { loadWasmOps } from '../../src/model/engines/kernel/wasm-ops.js';
import { type EngineName, loadEngine } from '../../src/model/engines/load-engine.js';
import type { EngineFactory } from '../../src/model/network/engine.js';
import { loadReferenceEngine } from './reference-ops.js';

/** An engine on one backend, or the reason why it is not available. */
export interface TestedEngine {
  readonly label: string;
  readonly create: EngineFactory | { readonly missing: string };
}

/** The kernel in WebAssembly with and without relaxed SIMD, and its oracle in TypeScript. */
export function testedKernels(): TestedEngine[] {
  return [
    { label: 'kernel (SIMD)', create: wasmEngine('simd') },
    { label: 'kernel (relaxed SIMD)', create: wasmEngine('relaxed') },
    { label: 'reference', create: loadReferenceEngine() },
  ];
}

/** Loads every engine on every backend. */
export async function loadTestedEngines(): Promise<TestedEngine[]> {
  return [
    ...testedKernels(),
    { label: 'tfjs-tensorflow', create: await tryToLoad('tensorflow') },
    { label: 'tfjs-wasm', create: await tryToLoad('wasm') },
    { label: 'tfjs-cpu', create: await tryToLoad('cpu') },
  ];
}

function wasmEngine(variant: 'simd' | 'relaxed'): TestedEngine['create'] {
  // Node 20 has relaxed SIMD behind a flag.
  if (!loadWasmOps(variant)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const createOps = loadWasmOps(variant);
  return createOps
    ? networkFactory('kernel', createOps)
    : { missing: `Node ${process.version} has no WebAssembly ${variant}` };
}

async function tryToLoad(name: EngineName): Promise<TestedEngine['create']> {
  try {
    return await loadEngine(name);
  } catch (error) {
    return { missing: String(error) };
  }
}

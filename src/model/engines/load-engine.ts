import type { EngineFactory } from '../network/engine.js';
import { splitting } from './split-engine.js';
import { withTensorflow } from './tensorflow-packages.js';

/** `auto` is the kernel, `tfjs` the fastest TensorFlow.js backend that loads. */
export const ENGINE_NAMES = ['auto', 'kernel', 'tfjs', 'tensorflow', 'wasm', 'cpu'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** Loads an engine. TensorFlow.js, slow to import, is imported only if it is selected. Rejects if the engine cannot be loaded. */
export async function loadEngine(name: EngineName): Promise<EngineFactory> {
  if (name === 'auto' || name === 'kernel') return splitting((await import('./kernel/network.js')).loadKernel());
  const { loadTfjs } = await withTensorflow(() => import('./tfjs/tfjs-engine.js'));
  return splitting(await loadTfjs(name === 'tfjs' ? 'auto' : name));
}

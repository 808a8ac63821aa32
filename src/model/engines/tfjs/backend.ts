import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';

/** `tensorflow` is the native library, an optional package. `wasm` and `cpu` are dependencies of this package. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

const NATIVE_PACKAGE = '@tensorflow/tfjs-node';
const BY_SPEED: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];

/**
 * Imports a backend of TensorFlow.js and makes it the current one. Returns its name. `auto` is the first of tensorflow, wasm, and
 * cpu that loads. Rejects if the backend is not available, with an Error that explains how to install it.
 */
export async function openBackend(name: 'auto' | BackendName): Promise<BackendName> {
  // Suppresses TensorFlow.js' log lines about platforms and faster packages.
  tf.enableProdMode();
  if (name !== 'auto') return open(name);

  const failures: unknown[] = [];
  for (const candidate of BY_SPEED) {
    try {
      return await open(candidate);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, 'no backend of TensorFlow.js can be loaded');
}

/** Makes an opened backend the current one. This is synchronous: TensorFlow.js awaits only the opening of a backend. */
export function useBackend(name: BackendName): void {
  if (tf.getBackend() !== name) void tf.setBackend(name);
}

async function open(name: BackendName): Promise<BackendName> {
  const before = tf.getBackend();
  try {
    await importBackend(name);
    // If a backend fails to initialise, setBackend resolves to false and does not throw.
    if (!(await keepingProcessListeners(() => tf.setBackend(name)))) throw new Error('it failed to initialise');
    return name;
  } catch (cause) {
    if (before && before !== name) await tf.setBackend(before);
    const advice =
      name === 'tensorflow'
        ? `: it needs the optional package ${NATIVE_PACKAGE} ${tf.version_core}, which "npm run native" builds where its own download fails`
        : '';
    throw new Error(`the TensorFlow.js backend ${name} cannot be loaded${advice}`, { cause });
  }
}

async function importBackend(name: BackendName): Promise<void> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  if (name === 'tensorflow') {
    // The native library reads these when it is loaded: log errors only, and round independently of the processor.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
    process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '0';
    // The package calls two functions that Node.js deprecates with a warning; Node.js 23 removed the first.
    const isNullOrUndefined = (value: unknown) => value === null || value === undefined;
    Object.assign(util, { isNullOrUndefined, isArray: Array.isArray });
    await import(NATIVE_PACKAGE);
  }
}

const LISTENED = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `action` and removes the process listeners that it added. The wasm backend adds two that rethrow every error, which ends
 * an application despite its own handlers.
 */
async function keepingProcessListeners<T>(action: () => Promise<T>): Promise<T> {
  const before = new Map(LISTENED.map((event) => [event, new Set<unknown>(process.rawListeners(event))]));
  try {
    return await action();
  } finally {
    for (const event of LISTENED)
      for (const listener of process.rawListeners(event))
        if (!before.get(event)?.has(listener)) process.removeListener(event, listener as () => void);
  }
}

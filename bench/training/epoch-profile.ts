import { Session } from 'node:inspector/promises';
import { loadWasmOps } from '../../src/model/engines/kernel/wasm-ops.js';

const EPOCHS = 40;
const WARM_UP = 10;
/** Sampling interval in microseconds. */
const INTERVAL = 100;

/** Measures the milliseconds of an epoch in each operation of the kernel, and in everything else, with V8's sampling profiler. */
export async function profileEpoch(epoch: () => void): Promise<Record<string, number>> {
  for (let i = 0; i < WARM_UP; i++) epoch();
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
  await session.post('Profiler.start');
  for (let i = 0; i < EPOCHS; i++) epoch();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const nameOf = operationNames();
  const functions = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const times: Record<string, number> = {};
  profile.samples!.forEach((id, i) => {
    const name = nameOf(functions.get(id)!);
    times[name] = (times[name] ?? 0) + profile.timeDeltas![i]! / 1000 / EPOCHS;
  });
  return times;
}

/** Maps profile names, `wasm-function[index]` or `js-to-wasm:<argument types>:`, to the operations of the kernel. */
function operationNames(): (profileName: string) => string {
  const names = new Map<string, string>();
  for (const [name, operation] of Object.entries((loadWasmOps('relaxed') ?? loadWasmOps('simd'))?.() ?? {})) {
    // Skips operations for single rows and plain descent. Each of the others has a different number of arguments.
    if (typeof operation !== 'function' || name.startsWith('row') || name === 'descend') continue;
    names.set(`wasm-function[${operation.name}]`, name);
    names.set(`js-to-wasm, ${operation.length}`, name);
  }
  return (profileName) => {
    const kinds = /^js-to-wasm:([if]+):/.exec(profileName)?.[1];
    return names.get(kinds ? `js-to-wasm, ${kinds.length}` : profileName) ?? 'everything else';
  };
}

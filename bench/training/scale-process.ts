// A process that trains one network of bench/training/scale.ts and reports its speed and peak memory.
import { readFileSync } from 'node:fs';
import { createRandom } from '../../src/base/statistics/random.js';
import { type EngineName, loadEngine } from '../../src/model/engines/load-engine.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { DEFAULT_AUXILIARY_WEIGHT, type Shape, weightCount } from '../../src/model/network/shape.js';
import { trainEpoch } from '../../src/model/training/training.js';

/** Training steps of `batch` rows for `milliseconds`. */
export interface ScaleTask {
  readonly engine: EngineName;
  readonly inputs: number;
  readonly outputs: number;
  readonly hidden: readonly number[];
  readonly batch: number;
  readonly milliseconds: number;
}

export type ScaleAnswer =
  | { readonly engine: string; readonly nanosecondsPerRow: number; readonly weights: number; readonly peak: number }
  | { readonly missing: string };

process.once('message', async (task: ScaleTask) => {
  process.send?.(await run(task).catch((error: Error): ScaleAnswer => ({ missing: error.message })));
  process.disconnect();
});

async function run({ engine: name, inputs, outputs, hidden, batch, milliseconds }: ScaleTask): Promise<ScaleAnswer> {
  const create = await loadEngine(name);
  const shape: Shape = { inputs, outputs, hidden, auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT };
  const engine = create(shape, initialWeights(shape, 1), { name: 'nadam', learningRate: 1e-4 });
  const rows = 4 * batch;
  const random = createRandom(1);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const data = { rows, features: normals(rows * inputs), targets: normals(rows * outputs) };
  const index = Int32Array.from({ length: rows }, (_, i) => i);
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + milliseconds;
  // Counts the fastest pass only: on a busy machine, slower passes measure the other load.
  do {
    const start = performance.now();
    trainEpoch(engine, data, index, batch);
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < end);
  return {
    engine: engine.name,
    nanosecondsPerRow: (best * 1e6) / rows,
    weights: weightCount(shape),
    peak: Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
  };
}

// A process that runs the tasks of one engine for bench/training/engines.ts. Engines in one process would slow each other down,
// because V8 compiles code for all array types that it has seen.

import { createRandom } from '../../src/base/statistics/random.js';
import { type EngineName, loadEngine } from '../../src/model/engines/load-engine.js';
import type { Engine } from '../../src/model/network/engine.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../../src/model/network/shape.js';
import { trainEpoch } from '../../src/model/training/training.js';

export const SHAPE: Shape = {
  inputs: 8,
  outputs: 1,
  hidden: DEFAULT_HIDDEN,
  auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT,
};

/** Training rows of California housing in the split of Géron's book. */
const ROWS = 11_610;

export type Kind = 'forward' | 'step' | 'epoch';

/** `calls` calls of one kind on `rows` rows; for an epoch, `rows` is the batch size. */
export interface Turn {
  readonly kind: Kind;
  readonly rows: number;
  readonly calls: number;
}

/** First the name of the engine, or why it cannot be loaded; then the milliseconds of each turn. */
export type Answer = { readonly name: string } | { readonly missing: string } | { readonly milliseconds: number };

const send = (message: Answer) => process.send?.(message);

const engineName = process.argv[2];
if (engineName && process.send) {
  try {
    const create = await loadEngine(engineName as EngineName);
    const engine = create(SHAPE, initialWeights(SHAPE, 1), { name: 'nadam', learningRate: 1e-4 });
    const run = tasks(engine);
    process.on('message', ({ kind, rows, calls }: Turn) => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run[kind](rows);
      send({ milliseconds: performance.now() - start });
    });
    send({ name: engine.name });
  } catch (error) {
    send({ missing: error instanceof Error ? error.message : String(error) });
  }
}

function tasks(engine: Engine): Record<Kind, (rows: number) => void> {
  const random = createRandom(1);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const data = { rows: ROWS, features: normals(ROWS * SHAPE.inputs), targets: normals(ROWS * SHAPE.outputs) };
  const index = Int32Array.from({ length: ROWS }, (_, i) => i);
  return {
    forward: (rows) => engine.forward(data.features, rows),
    step: (rows) => engine.step(data.features, data.targets, index, 0, rows),
    epoch: (rows) => trainEpoch(engine, data, index, rows),
  };
}

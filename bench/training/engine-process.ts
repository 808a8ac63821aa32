// A process that runs one engine's tasks when bench/training/engines.ts says so: engines in one process would slow each other
// down, as V8 compiles code for all the types of array it has seen.

import { createRandom } from '../../src/base/statistics/random.js';
import { loadReferenceOps } from '../../src/model/engines/kernel/network.js';
import { type Engine, type EngineName, loadEngine } from '../../src/model/network/engine.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../../src/model/network/shape.js';
import { trainEpoch } from '../../src/model/training/training.js';

export const SHAPE: Shape = {
  inputs: 8,
  outputs: 1,
  hidden: DEFAULT_HIDDEN,
  auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT,
};

/** So many rows of California housing a book's split leaves to learn from. */
const ROWS = 11_610;

export type Kind = 'forward' | 'step' | 'epoch';

/** `calls` calls of one kind on `rows` rows; in mini-batches of that many, for an epoch. */
export interface Turn {
  readonly kind: Kind;
  readonly rows: number;
  readonly calls: number;
}

/** First the engine's name or why it cannot be loaded, then the milliseconds of each turn. */
export type Answer = { readonly name: string } | { readonly missing: string } | { readonly milliseconds: number };

const answer = (message: Answer) => process.send?.(message);

const asked = process.argv[2];
if (asked && process.send) {
  try {
    const create = asked === 'plain' ? loadReferenceOps() : await loadEngine(asked as EngineName);
    const engine = create(SHAPE, initialWeights(SHAPE, 1), { name: 'nadam', learningRate: 1e-4 });
    const run = tasks(engine);
    process.on('message', ({ kind, rows, calls }: Turn) => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run[kind](rows);
      answer({ milliseconds: performance.now() - start });
    });
    answer({ name: engine.name });
  } catch (error) {
    answer({ missing: error instanceof Error ? error.message : String(error) });
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

import type { EngineFactory } from '../../network/engine.js';
import { layerShapes, type Shape, weightCount } from '../../network/shape.js';
import { fitRidge, type InputRows } from './ridge.js';

/** Maximum rows to fit the head to, of those trained on and those held out: it has few weights per input. */
const MAX_ROWS = 5000;
/** Maximum inputs of these rows. Bounds the memory. */
const MAX_INPUTS = 2e6;

/** Returns how many rows are enough for `fitReconstruction`. */
export function headRows({ inputs }: Shape): number {
  return Math.min(MAX_ROWS, Math.ceil(MAX_INPUTS / inputs));
}

/**
 * Returns `weights` with a head `reconstruct` that reconstructs best what the hidden layers know: a ridge regression of what the
 * trained head misses on the last hidden layer. Training may stop after a few epochs, when the predictions are at their best
 * but the reconstruction has hardly begun. Predictions do not change.
 */
export function fitReconstruction(
  createEngine: EngineFactory,
  shape: Shape,
  weights: Float32Array,
  training: InputRows,
  heldOut: InputRows,
): Float32Array {
  const units = shape.hidden.at(-1);
  if (units === undefined) return weights;
  const [known, judges] = [training, heldOut].map((rows) => missedBy(createEngine, shape, weights, units, rows));
  const correction = fitRidge(known!, judges!, units, shape.inputs);
  const fitted = weights.slice();
  const { kernelOffset } = layerShapes(shape).at(-1)!;
  // The bias follows the kernel, as the intercept follows the coefficients.
  for (let i = 0; i < correction.length; i++) fitted[kernelOffset + i]! += correction[i]!;
  return fitted;
}

/** Returns the last hidden layer's activations of `rows`, as inputs, and their residuals of reconstruction, as targets. */
function missedBy(
  createEngine: EngineFactory,
  shape: Shape,
  weights: Float32Array,
  units: number,
  { rows, inputs }: InputRows,
): InputRows {
  // The same network, whose outputs are the units of its last hidden layer.
  const wide: Shape = { ...shape, outputs: units };
  const shown = new Float32Array(weightCount(wide));
  const [from, to] = [layerShapes(shape), layerShapes(wide)].map((layers) => layers.slice(-2));
  shown.set(weights.subarray(0, from![0]!.kernelOffset));
  for (let u = 0; u < units; u++) shown[to![0]!.kernelOffset + u * units + u] = 1;
  shown.set(weights.subarray(from![1]!.kernelOffset), to![1]!.kernelOffset);
  const engine = createEngine(wide, shown);
  const { outputs, reconstructions } = engine.forward(inputs, rows);
  const targets = new Float32Array(inputs.length);
  for (let i = 0; i < targets.length; i++) targets[i] = inputs[i]! - reconstructions[i]!;
  const missed = { rows, inputs: outputs.slice(0, rows * units), targets };
  engine.close();
  return missed;
}

import { createRandom } from '../../../base/statistics/random.js';
import { layerShapes, type Shape } from '../../network/shape.js';
import type { InputRows } from './ridge.js';

/**
 * Slope of a hinge, in standard deviations of its input: SELU bends within a fourth of one. Of 1, 2 and 4, the steepest was best on
 * the table where it matters most.
 */
const SLOPE = 4;

/** An input of fewer values, such as that of a level, has nowhere to bend. */
const MIN_VALUES = 4;

/**
 * Changes initial `weights` so that a `share` of the first hidden layer's units are hinges: each bends at the value that one input has
 * in one of the training rows `known`, and is flat on one side of it. The network then starts from a grid of steps along single
 * columns, as trees do, where random directions find a dependence on one column slowly: Friedman 1991, Multivariate Adaptive
 * Regression Splines; Gorishniy et al. 2022, On Embeddings for Numerical Features in Tabular Deep Learning.
 *
 * Comes after `startLinear`: the first units, one for each output, stay.
 */
export function startHinges(
  weights: Float32Array,
  shape: Shape,
  { rows, inputs }: InputRows,
  share: number,
  seed: number,
): void {
  const { inputs: width, outputs } = shape;
  const [first] = layerShapes(shape);
  const bent = Array.from({ length: width }, (_, input) => input).filter((input) => hasValues(inputs, width, input));
  if (shape.hidden.length === 0 || bent.length === 0) return;
  const { kernelOffset: kernel, biasOffset: bias, units } = first!;
  const random = createRandom(seed);
  for (let unit = outputs; unit < units; unit++) {
    if (random.uniform() >= share) continue;
    const input = bent[random.below(bent.length)]!;
    const value = inputs[random.below(rows) * width + input]!;
    const slope = random.uniform() < 0.5 ? SLOPE : -SLOPE;
    for (let i = 0; i < width; i++) weights[kernel + i * units + unit] = i === input ? slope : 0;
    weights[bias + unit] = -slope * value;
  }
}

/** Returns whether one of the inputs `[rows, width]` has at least `MIN_VALUES` values. */
function hasValues(inputs: Float32Array, width: number, input: number): boolean {
  const values = new Set<number>();
  for (let at = input; at < inputs.length && values.size < MIN_VALUES; at += width) values.add(inputs[at]!);
  return values.size === MIN_VALUES;
}

import type { TargetTransform } from '../columns/encoding/encoding.js';
import { fitScaler, type Scaler, standardise, unstandardise } from './scaler.js';

/** How a target is learned: its mean and deviation, after the logarithm if there is one. */
export interface LearnedScale {
  readonly isLogarithmic: boolean;
  readonly mean: number;
  readonly scale: number;
}

/** Returns how target `j` is learned. */
export function learnedScaleOf(
  scaler: Scaler,
  transforms: readonly TargetTransform[] | undefined,
  j: number,
): LearnedScale {
  const transform = transforms?.[j] ?? { method: 'none' };
  const { mean, scale } = learnedScale(scaler, transform, j);
  return { isLogarithmic: transform.method === 'log1p', mean, scale };
}

/** Writes the network's outputs `[count, targets]` in the targets' own units to `to`, which may be `from`. */
export function toTargetUnits(
  scaler: Scaler,
  transforms: readonly TargetTransform[] | undefined,
  from: Float32Array,
  to: Float32Array,
  count: number,
): void {
  if (!transforms) {
    unstandardise(scaler, from, to, count);
    return;
  }
  convert(restorationsOf(scaler, transforms), from, to, count);
}

/** Returns a function for each target from the network's output to the target's own units, in float64. */
export function restorationsOf(
  scaler: Scaler,
  transforms: readonly TargetTransform[] = scaler.mean.map(() => ({ method: 'none' })),
): ((output: number) => number)[] {
  return transforms.map((transform, j) => {
    const { mean, scale } = learnedScale(scaler, transform, j);
    return transform.method === 'log1p'
      ? (output: number) => Math.expm1(output * scale + mean)
      : (output: number) => output * scale + mean;
  });
}

/** Writes targets `[count, targets]` as the network learns them to `to`, which may be `from`: the inverse. */
export function fromTargetUnits(
  scaler: Scaler,
  transforms: readonly TargetTransform[] | undefined,
  from: Float32Array,
  to: Float32Array,
  count: number,
): void {
  if (!transforms) {
    standardise(scaler, from, to, count);
    return;
  }
  const transformations = transforms.map((transform, j) => {
    const { mean, scale } = learnedScale(scaler, transform, j);
    return transform.method === 'log1p'
      ? // A held-out target may be below all that training had. Its exact place is never used.
        (target: number) => (Math.log1p(Math.max(target, MIN_LOGGED)) - mean) / scale
      : (target: number) => (target - mean) / scale;
  });
  convert(transformations, from, to, count);
}

/** The logarithm of 1 + this is finite. */
export const MIN_LOGGED = -1 + 2 ** -24;

/** Returns the mean and the deviation of target `j` on the scale on which it is learned. */
function learnedScale({ mean, scale }: Scaler, transform: TargetTransform, j: number) {
  return transform.method === 'log1p' ? transform : { mean: mean[j]!, scale: scale[j]! };
}

/** Applies a function for each column to the first `count` rows. */
function convert(
  functions: readonly ((value: number) => number)[],
  from: Float32Array,
  to: Float32Array,
  count: number,
): void {
  for (let at = 0, row = 0; row < count; row++) {
    for (const each of functions) {
      to[at] = each(from[at]!);
      at++;
    }
  }
}

/** Fits `log1p` to a column of `values` `[rows, columns]` in the rows `index`. */
export function fitLog(values: Float32Array, columns: number, column: number, index: Int32Array): TargetTransform {
  const logs = Float32Array.from(index, (row) => Math.log1p(values[row * columns + column]!));
  const { mean, scale } = fitScaler(
    logs,
    1,
    Int32Array.from(logs, (_, i) => i),
  );
  return { method: 'log1p', mean: mean[0]!, scale: scale[0]! };
}

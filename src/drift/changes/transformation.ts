import { CHANCE_MISFIT, misfit } from './misfit.js';
import type { ReferenceDistribution } from './reference-distribution.js';

/**
 * How values may have come from values like the baseline's, `v = offset + factor × u`: by a shift, in another unit, by another
 * spread around the middle, or by a shift and another spread.
 */
export interface Transformation {
  readonly kind: 'shift' | 'unit' | 'spread' | 'both';
  readonly offset: number;
  readonly factor: number;
}

/** Ranks at which quantiles are compared. */
const RANKS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/** A transformation with one fitted number explains the values if less misfit is left than chance exceeds in about 5 % of samples. */
const EXPLAINED = 0.35;
const MIN_VALUES = 8;

/**
 * Finds the transformation of the baseline's values that explains `values`, ascending. It is undone and compared with the
 * baseline by Cramér and von Mises' statistic. One number is fitted, and only if that does not explain the values, two.
 * Undefined if there is nothing to explain, or if no transformation does.
 */
export function findTransformation(values: Float64Array, reference: ReferenceDistribution): Transformation | undefined {
  if (values.length < MIN_VALUES || !(misfit(values, reference) > CHANCE_MISFIT)) return undefined;
  const quantiles = RANKS.map((rank) => ({ now: quantile(values, rank), before: reference.valueAt(rank) }));
  const best = (candidates: Transformation[]) => {
    let least = EXPLAINED;
    let found: Transformation | undefined;
    for (const candidate of candidates) {
      if (!Number.isFinite(candidate.offset) || !Number.isFinite(candidate.factor) || candidate.factor === 0) continue;
      const left = misfit(values, reference, candidate.offset, candidate.factor);
      if (left < least) [least, found] = [left, candidate];
    }
    return found;
  };
  const centres = [reference.mean, reference.valueAt(0.5)];
  return (
    best([
      ...quantiles.map(({ now, before }) => ({ kind: 'shift', offset: now - before, factor: 1 }) as const),
      { kind: 'unit', offset: 0, factor: -1 },
      ...quantiles.flatMap(({ now, before }) =>
        now / before > 0 ? [{ kind: 'unit', offset: 0, factor: now / before } as const] : [],
      ),
      ...centres.flatMap((centre) =>
        quantiles.flatMap(({ now, before }) => {
          const factor = (now - centre) / (before - centre);
          return factor > 0 ? [{ kind: 'spread', offset: centre * (1 - factor), factor } as const] : [];
        }),
      ),
    ]) ??
    best(
      quantiles.slice(0, Math.floor(RANKS.length / 2)).flatMap((low, i) => {
        const high = quantiles[RANKS.length - 1 - i]!;
        const factor = (high.now - low.now) / (high.before - low.before);
        const middle = quantiles.map(({ now, before }) => now - factor * before).sort((a, b) => a - b);
        return [{ kind: 'both', offset: middle[Math.floor(RANKS.length / 2)]!, factor } as const];
      }),
    )
  );
}

/** The value of a rank between 0 and 1 among `values`, ascending. */
function quantile(values: Float64Array, rank: number): number {
  const at = rank * (values.length - 1);
  const low = Math.floor(at);
  return values[low]! + (at - low) * ((values[low + 1] ?? values[low]!) - values[low]!);
}

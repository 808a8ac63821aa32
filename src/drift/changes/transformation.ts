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
const MEDIAN = Math.floor(RANKS.length / 2);
/** A transformation with one fitted number explains the values if less misfit is left than chance exceeds in about 5 % of samples. */
const EXPLAINED = 0.35;
/** Two transformations whose misfits differ by less cannot be told apart. */
const CLOSE = 0.15;
const MIN_VALUES = 8;
/** Two numbers are not fitted to fewer values. */
const MIN_VALUES_FOR_BOTH = 20;
/** A smaller factor is as well described as a shift. */
const CLEAR_FACTOR = 1.8;
/** The share of values that a transformation must bring back to values of the baseline, if that has few. */
const KNOWN = 0.95;

/**
 * Finds the transformation of the baseline's values that explains `values`, ascending. It is undone and compared with the
 * baseline by Cramér and von Mises' statistic; of a column with few distinct values, it must lead back to these. One number is
 * fitted, and only if that does not explain the values, two. Undefined if there is nothing to explain, if no transformation
 * does, or if two do that say different things.
 */
export function findTransformation(values: Float64Array, reference: ReferenceDistribution): Transformation | undefined {
  if (values.length < MIN_VALUES || !(misfit(values, reference) > CHANCE_MISFIT)) return undefined;
  const quantiles = RANKS.map((rank) => ({ now: quantile(values, rank), before: reference.valueAt(rank) }));
  const best = (candidates: Transformation[]) => leastMisfit(candidates, values, reference);
  const shift = best(quantiles.map(({ now, before }) => ({ kind: 'shift', offset: now - before, factor: 1 }) as const));
  const unit = best([
    { kind: 'unit', offset: 0, factor: -1 },
    ...quantiles.flatMap(({ now, before }) =>
      now / before > 0 ? [{ kind: 'unit', offset: 0, factor: now / before } as const] : [],
    ),
  ]);
  const spread = best(
    [reference.mean, reference.valueAt(0.5)].flatMap((centre) =>
      quantiles.flatMap(({ now, before }) => {
        const factor = (now - centre) / (before - centre);
        return factor > 0 ? [{ kind: 'spread', offset: centre * (1 - factor), factor } as const] : [];
      }),
    ),
  );
  const explaining = [shift, unit, spread].flatMap((one) => (one && one.left <= EXPLAINED ? [one] : []));
  if (explaining.length === 0) {
    if (values.length < MIN_VALUES_FOR_BOTH) return undefined;
    const both = best(
      quantiles.slice(0, MEDIAN).flatMap((low, i) => {
        const high = quantiles[RANKS.length - 1 - i]!;
        const factor = (high.now - low.now) / (high.before - low.before);
        const offsets = quantiles.map(({ now, before }) => now - factor * before).sort((a, b) => a - b);
        return [{ kind: 'both', offset: offsets[MEDIAN]!, factor } as const];
      }),
    );
    return both && both.left <= EXPLAINED ? both.found : undefined;
  }
  const least = Math.min(...explaining.map(({ left }) => left));
  const close = explaining.filter(({ left }) => left <= least + CLOSE).map(({ found }) => found);
  const of = (kind: Transformation['kind']) => close.find((one) => one.kind === kind);
  const inUnit = of('unit');
  const isClearUnit = inUnit && !(inUnit.factor < CLEAR_FACTOR && inUnit.factor > 1 / CLEAR_FACTOR);
  // Around 0, a unit and a spread are the same.
  if (of('spread') && inUnit && reference.valueAt(0.1) < 0 && reference.valueAt(0.9) > 0)
    return of('shift') ? undefined : inUnit;
  if (isClearUnit) return inUnit;
  return of('spread') && close.length > 1 ? undefined : (of('shift') ?? close[0]);
}

function leastMisfit(candidates: readonly Transformation[], values: Float64Array, reference: ReferenceDistribution) {
  let best: { found: Transformation; left: number } | undefined;
  for (const found of candidates) {
    const { offset, factor } = found;
    if (!Number.isFinite(offset) || !Number.isFinite(factor) || factor === 0) continue;
    const undo = (value: number) => (value - offset) / factor;
    if (reference.isDiscrete && !leadsBack(values, reference, undo)) continue;
    const rank = (value: number) => reference.rankOf(undo(value));
    const left = misfit(values, reference, factor > 0 ? rank : (value) => 1 - rank(value));
    if (left < (best?.left ?? Number.POSITIVE_INFINITY)) best = { found, left };
  }
  return best;
}

function leadsBack(values: Float64Array, reference: ReferenceDistribution, undo: (value: number) => number): boolean {
  let known = 0;
  for (const value of values) if (reference.isKnown(undo(value))) known++;
  return known >= KNOWN * values.length;
}

/** The value of a rank between 0 and 1 among `values`, ascending. */
function quantile(values: Float64Array, rank: number): number {
  const at = rank * (values.length - 1);
  const low = Math.floor(at);
  return values[low]! + (at - low) * ((values[low + 1] ?? values[low]!) - values[low]!);
}

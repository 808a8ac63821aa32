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
/** Two transformations whose misfits differ by less are indistinguishable. */
const CLOSE = 0.15;
const MIN_VALUES = 8;
/** Two numbers are not fitted to fewer values, and must explain them better. */
const MIN_VALUES_FOR_BOTH = 100;
const EXPLAINED_BY_BOTH = 0.2;
/** A smaller factor is as well described as a shift. */
const CLEAR_FACTOR = 1.8;
/** Factors of spread that are tried besides those of quantiles. */
const SPREADS = [0.4, 0.5, 0.6, 0.7, 0.8, 1.25, 1.5, 2, 3];
/** The share of values that a transformation must lead back to possible values. */
const KNOWN = 0.95;

/**
 * Finds the transformation of the baseline's values that explains `values`, ascending. It is undone and compared with the
 * baseline by Cramér and von Mises' statistic; of a column with few distinct values, or multiples of a step, it must lead back to these. One number is
 * fitted, and only if that does not explain the values, two. Undefined if there is nothing to explain, if no transformation
 * does, or if two do that say different things.
 */
export function findTransformation(values: Float64Array, reference: ReferenceDistribution): Transformation | undefined {
  if (values.length < MIN_VALUES || !(misfit(values, reference) > CHANCE_MISFIT)) return undefined;
  const quantiles = RANKS.map((rank) => ({
    now: values[Math.round(rank * (values.length - 1))]!,
    before: reference.valueAt(rank),
  }));
  // A transformation of a restricted column is one of a possible value.
  const exact = quantiles.flatMap(({ now, before }) =>
    reference.neighbours(before).map((one) => ({ now, before: one })),
  );
  const best = (candidates: Transformation[]) => leastMisfit(candidates, values, reference);
  const shift = best(exact.map(({ now, before }) => ({ kind: 'shift', offset: now - before, factor: 1 }) as const));
  // Nothing is fitted to the opposite sign.
  const mirrored = best([{ kind: 'unit', offset: 0, factor: -1 }]);
  if (mirrored && mirrored.left <= Math.min(EXPLAINED, (shift?.left ?? EXPLAINED) + CLOSE / 3)) return mirrored.found;
  const unit = best(
    exact.flatMap(({ now, before }) =>
      now / before > 0 ? [{ kind: 'unit', offset: 0, factor: now / before } as const] : [],
    ),
  );
  const spread = best(
    [reference.mean, reference.valueAt(0.5)].flatMap((centre) =>
      [...exact.map(({ now, before }) => (now - centre) / (before - centre)), ...SPREADS].flatMap((factor) =>
        factor > 0 ? [{ kind: 'spread', offset: centre * (1 - factor), factor } as const] : [],
      ),
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
    return both && both.left <= EXPLAINED_BY_BOTH ? both.found : undefined;
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
  if (close.every((one) => one === inUnit)) return reference.isRestricted ? inUnit : undefined;
  return of('spread') && close.length > 1 ? undefined : (of('shift') ?? of('spread'));
}

function leastMisfit(candidates: readonly Transformation[], values: Float64Array, reference: ReferenceDistribution) {
  let best: { found: Transformation; left: number } | undefined;
  for (const found of candidates) {
    const { offset, factor } = found;
    if (!Number.isFinite(offset) || !Number.isFinite(factor) || factor === 0) continue;
    const undo = (value: number) => (value - offset) / factor;
    if (reference.isRestricted && !leadsBack(values, reference, undo)) continue;
    const rank = (value: number) => reference.rankOf(undo(value));
    const left = misfit(values, reference, factor > 0 ? rank : (value) => 1 - rank(value));
    if (left < (best?.left ?? Number.POSITIVE_INFINITY)) best = { found, left };
  }
  return best;
}

function leadsBack(values: Float64Array, reference: ReferenceDistribution, undo: (value: number) => number): boolean {
  let known = 0;
  for (const value of values) if (reference.isPossible(undo(value))) known++;
  return known >= KNOWN * values.length;
}

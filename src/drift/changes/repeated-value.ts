import { logHypergeometricTail } from '../../base/statistics/hypergeometric.js';
import { CHANCE_MISFIT, misfit } from './misfit.js';
import type { ReferenceDistribution } from './reference-distribution.js';

/** A value that many rows share, and the values of the others. */
export interface RepeatedValue {
  readonly value: number;
  readonly count: number;
  /** Whether it is more frequent than any value of the baseline. */
  readonly isExtraordinary: boolean;
  /** All values, ascending, with as many of this one as the baseline has. */
  readonly others: Float64Array;
}

const MIN_COUNT = 4;
/** The most frequent values, of which the first that counts is reported. */
const CANDIDATES = 3;
/** A value with a smaller share of the most frequent one's is not that one, moved. */
const RARER = 0.5;
/** The share of the other values that must be possible. */
const POSSIBLE = 0.9;
/** ln of the p-value of a value that is more frequent than in the baseline. A column has many values. */
const LOG_P = Math.log(1e-4);

/**
 * Finds the value that more of `values`, ascending, have than the baseline explains: a stuck sensor, a default. A shift or another
 * unit moves frequent values as well. Therefore the other values must be possible ones, if the baseline shows which are, or look
 * like the baseline's; otherwise the value must be more frequent than the baseline's most frequent one.
 */
export function repeatedValue(values: Float64Array, reference: ReferenceDistribution): RepeatedValue | undefined {
  const { rows, largestTie, usualTie } = reference;
  for (const { from, count } of frequentValues(values)) {
    const value = values[from]!;
    const known = reference.shareOf(value);
    if (!isMore(count, values.length, known, rows)) continue;
    const usual = Math.round((known / (1 - known)) * (values.length - count)) || 0;
    const others = values.filter((_, i) => i < from || i >= from + count - Math.min(usual, count));
    const isAlone = others.length === 0 || misfit(others, reference) <= CHANCE_MISFIT;
    const isMoved = count / values.length > RARER * largestTie && !(known > 0 && isAlone);
    const isExtraordinary = isMore(count, values.length, Math.max(known, largestTie), rows);
    const explained = arePossible(others, reference) ? known : isAlone && !isMoved ? usualTie : largestTie;
    if (isExtraordinary || isMore(count, values.length, Math.max(known, explained), rows)) {
      return { value, count, isExtraordinary, others };
    }
  }
  return undefined;
}

/** Returns whether most of `values` are possible ones of a restricted column. */
function arePossible(values: Float64Array, reference: ReferenceDistribution): boolean {
  if (!reference.isRestricted) return false;
  const possible = values.reduce((sum, value) => sum + Number(reference.isPossible(value)), 0);
  return possible >= POSSIBLE * values.length;
}

/** The most frequent of `values`, ascending, by where each begins. */
function frequentValues(values: Float64Array): { from: number; count: number }[] {
  const runs: { from: number; count: number }[] = [];
  for (let from = 0; from < values.length; ) {
    let to = from + 1;
    while (to < values.length && values[to] === values[from]) to++;
    if (to - from >= MIN_COUNT) runs.push({ from, count: to - from });
    from = to;
  }
  return runs.sort((a, b) => b.count - a.count).slice(0, CANDIDATES);
}

/** Returns whether `count` of `rows` rows are more than a share of the baseline's rows explains: Fisher's exact test. */
function isMore(count: number, rows: number, share: number, baselineRows: number): boolean {
  const before = Math.min(baselineRows, Math.ceil(share * baselineRows));
  return logHypergeometricTail(count, rows, count + before, rows + baselineRows - count - before) < LOG_P;
}

import { logHypergeometricTail } from '../../base/statistics/hypergeometric.js';
import { sumOf } from '../../model/baseline/sketches/bins.js';
import { percent } from './words.js';

/** The rows of a column with levels. */
export interface LevelCounts {
  /** The name of each bin. */
  readonly names: readonly string[];
  /** Whether several levels share each bin. */
  readonly isShared: readonly boolean[];
  /** Rows by bin. */
  readonly window: readonly number[];
  readonly baseline: readonly number[];
  /** Whether the last bin is that of levels that the training did not have. */
  readonly canBeNew: boolean;
  readonly isWeekday: boolean;
  /** The level of each recent row that has one of the training's and shares its bin with others, if rows are at hand. */
  readonly sharing?: readonly string[] | undefined;
}

/** ln of the p-value of a level that is more or less frequent than in the baseline. */
const LOG_P = Math.log(1e-3);
/** Levels that are named. */
const MAX_NAMED = 2;
/** Characters of a level that are shown. */
const MAX_SHOWN = 40;
/** Rows with a rare level from which on it is named. */
const MIN_SHARING = 4;
/** Factors of frequencies that are named. */
const MIN_FACTOR = 1.5;

/**
 * Describes which levels have become more or less frequent, for example `level "Fair" is gone (12 % of the held-out rows)`: the
 * one that has changed most, then what has changed among the others.
 */
export function describeLevels(counts: LevelCounts): string[] {
  const words: string[] = [];
  const { names, canBeNew, window, baseline } = counts;
  const left = new Set(names.map((_, k) => k));
  if (canBeNew) {
    left.delete(names.length - 1);
    const unseen = window.at(-1)!;
    const before = baseline.at(-1)! / Math.max(1, sumOf(baseline));
    if (unseen > 0) words.push(describeUnseen(unseen / sumOf(window), before));
  }
  for (let named = 0; named < MAX_NAMED; named++) {
    const changed = mostChanged(counts, left);
    if (changed === undefined) break;
    words.push(describeOne(counts, changed, left));
    left.delete(changed);
  }
  return words.length > 0 ? words : ['its levels have other frequencies'];
}

function describeUnseen(share: number, before: number): string {
  const instead = before > 0 ? ` instead of ${percent(before)}` : '';
  return `${percent(share)} of rows have a level that the training did not have${instead}`;
}

/** The bin of `left` whose share among these has changed most clearly; undefined if none has. */
function mostChanged({ window, baseline }: LevelCounts, left: ReadonlySet<number>): number | undefined {
  const [n, m] = [sumIn(window, left), sumIn(baseline, left)];
  let most: number | undefined;
  let least = LOG_P;
  for (const k of left) {
    const total = window[k]! + baseline[k]!;
    const more = logHypergeometricTail(window[k]!, n, total, n + m - total);
    const fewer = logHypergeometricTail(n - window[k]!, n, n + m - total, total);
    if (Math.min(more, fewer) >= least) continue;
    least = Math.min(more, fewer);
    most = k;
  }
  return most;
}

function describeOne(counts: LevelCounts, k: number, left: ReadonlySet<number>): string {
  const { names, isShared, window, baseline, isWeekday } = counts;
  const now = window[k]! / sumOf(window);
  const before = baseline[k]! / sumOf(baseline);
  if (isShared[k]) return describeShared(counts, k, now, before);
  const name = isWeekday ? names[k]! : `level ${quote(names[k]!)}`;
  const shares = `${percent(now)} of rows instead of ${percent(before)}`;
  if (window[k] === 0) return `${name} is gone (${percent(before)} of the held-out rows)`;
  if (baseline[k] === 0) return `${name} is new among rows (${percent(now)} of rows)`;
  // Where another level has vanished, all others are more frequent by the same factor.
  const factor = now / sumShares(window, left) / (before / sumShares(baseline, left));
  if (factor >= MIN_FACTOR) return `${name} is ${times(now / before)} as frequent (${shares})`;
  return `${name} is ${now < before ? 'less' : 'more'} frequent (${shares})`;
}

/** Rare levels share a bin: names the one that most of their rows have now, if there is one. */
function describeShared({ names, sharing = [] }: LevelCounts, k: number, now: number, before: number): string {
  const shares = `${percent(now)} of rows instead of ${percent(before)}`;
  const rows = new Map<string, number>();
  for (const level of sharing) rows.set(level, (rows.get(level) ?? 0) + 1);
  const [frequent] = [...rows].sort((a, b) => b[1] - a[1]);
  if (now > before && frequent && frequent[1] >= MIN_SHARING && frequent[1] > sharing.length / 2) {
    return `level ${quote(frequent[0])}, which was rare, is frequent (with other rare ones ${shares})`;
  }
  return `${names[k]!.replace(/s$/, '')} levels are ${now > before ? 'more' : 'less'} frequent (${shares})`;
}

function times(factor: number): string {
  return `${Number(factor.toPrecision(2))} times`;
}

function quote(level: string): string {
  return JSON.stringify(level.length > MAX_SHOWN ? `${level.slice(0, MAX_SHOWN)}…` : level);
}

function sumIn(counts: readonly number[], of: ReadonlySet<number>): number {
  let sum = 0;
  for (const k of of) sum += counts[k]!;
  return sum;
}

function sumShares(counts: readonly number[], of: ReadonlySet<number>): number {
  return sumIn(counts, of) / sumOf(counts);
}

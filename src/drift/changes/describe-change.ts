import type { Cycle } from '../../model/baseline/features/cycles.js';
import { binOf, sumOf } from '../../model/baseline/sketches/bins.js';
import { describeLevels } from './describe-levels.js';
import { describeCycle } from './describe-time.js';
import { changedInterval } from './interval.js';
import { CHANCE_MISFIT, misfit } from './misfit.js';
import type { ReferenceDistribution } from './reference-distribution.js';
import { type RepeatedValue, repeatedValue } from './repeated-value.js';
import { findRounding } from './rounding.js';
import { findTransformation, type Transformation } from './transformation.js';
import { percent } from './words.js';

/** Findings about a feature or prediction in a window. */
export interface Findings {
  readonly window: readonly number[];
  readonly baseline: readonly number[];
  readonly edges: readonly number[];
  /** Shares of the window's rows. */
  readonly below: number;
  readonly above: number;
  readonly missing: number;
  /** The share of the baseline's rows without a value. */
  readonly usuallyMissing: number;
  /** Difference of means in the baseline's standard deviations. */
  readonly meanShift: number;
  /** The names of the levels of a column that has some, and of its bins. */
  readonly levels?:
    | { readonly all: readonly string[]; readonly bins: readonly string[]; readonly canBeNew: boolean }
    | undefined;
  /** The cycle of a timestamp; null for the timestamp itself, undefined for other columns. */
  readonly cycle?: Cycle | null | undefined;
  /** The tests that raised an alarm. */
  readonly alarms: Readonly<Record<'bins' | 'range' | 'missing' | 'conditional', boolean>>;
  /** The values of the window's rows, if they are at hand: without them, there are only the counts. */
  readonly values?: Values | undefined;
  /** The other feature on which it depends otherwise than before. */
  readonly relation?: Relation | undefined;
}

/** Values of a column in recent rows. */
export interface Values {
  /** Ascending, without missing values. */
  readonly sorted: Float64Array;
  /** The same, the latest first. */
  readonly latest: Float64Array;
  /** All rows, including those without a value. */
  readonly rows: number;
  readonly reference: ReferenceDistribution;
}

/** A correlation of normal scores, in recent rows and before. */
export interface Relation {
  readonly name: string;
  readonly now: number;
  readonly before: number;
  /** The column's mean distance from what the others explain, in standard deviations; 0 if it is chance. */
  readonly shift: number;
}

/** Fewer values say nothing about a distribution. */
const MIN_VALUES = 5;
/** Beside a repeated value, the others must differ more clearly: one in 1,000 samples has this misfit by chance. */
const CLEAR_MISFIT = 1.168;
/** Repeated values that are named. */
const MAX_REPEATED = 2;
/** ln of the probability that no row lies beyond a value by chance. */
const LOG_CUT_OFF = Math.log(1e-4);
/** A correlation that changed by less is not what broke. */
const MIN_CHANGE = 0.1;

/**
 * Describes in plain words what changed, for example `30 % of rows have one value (3.2)`. Every number is measured in the
 * rows. Empty if no change is known.
 */
export function describe(findings: Findings): string {
  const { alarms, missing, usuallyMissing, relation, levels } = findings;
  const words: string[] = [];
  if (alarms.missing) {
    words.push(
      `${percent(missing)} of rows missing${usuallyMissing > 0 ? ` instead of ${percent(usuallyMissing)}` : ''}`,
    );
  }
  if (alarms.bins || alarms.range) words.push(...describeColumn(findings));
  if (alarms.conditional && words.length === 0) words.push(describeRelation(relation, levels !== undefined));
  return words.join(', ');
}

function describeColumn(findings: Findings): string[] {
  const { values, levels, cycle, window, baseline, edges, above, below } = findings;
  if (levels) {
    const { all, bins: names, canBeNew } = levels;
    const isShared = names.map((_, k) => (edges[k] ?? all.length - 1) - (edges[k - 1] ?? -1) > 1);
    const sharing = values?.sorted
      ? Array.from(values.sorted).flatMap((position) => (isShared[binOf(edges, position)] ? (all[position] ?? []) : []))
      : undefined;
    return describeLevels({ names, isShared, window, baseline, canBeNew, isWeekday: cycle === 'weekday', sharing });
  }
  if (cycle === null) return [`${percent(above + below)} of rows have an implausible date`];
  if (cycle && cycle !== 'weekday') return [describeCycle(cycle, window, baseline, edges, values?.latest)];
  const measured = values && values.sorted.length >= MIN_VALUES;
  return measured ? describeValues(values, findings) : describeCounts(findings);
}

function describeRelation(relation: Relation | undefined, hasLevels: boolean): string {
  const broken = 'no longer depends on the other features as before';
  if (!relation) return broken;
  const { name, now, before, shift } = relation;
  if (shift !== 0 && !hasLevels) return `${describeShift(shift)} than the other features suggest`;
  const correlation = `correlation with ${name} ${now.toFixed(2)} instead of ${before.toFixed(2)}`;
  return Math.abs(now - before) >= MIN_CHANGE ? `${broken}: ${correlation}` : broken;
}

/** The most specific description first: rounding, repeated values, values out of range, a transformation, an interval. */
function describeValues(values: Values, findings: Findings): string[] {
  const { sorted, latest, rows, reference } = values;
  const first = repeatedValue(sorted, reference);
  const isKnown = first !== undefined && reference.isPossible(first.value);
  const isStuck =
    first !== undefined && (first.isExtraordinary || (isKnown && misfit(first.others, reference) <= CHANCE_MISFIT));
  // Where it is known which values are possible, a transformation that leads back to these explains new ones.
  const whole = reference.isRestricted && !isStuck ? findTransformation(sorted, reference) : undefined;
  const rounding = whole ? undefined : findRounding(latest, reference);
  if (rounding) {
    const side = { nearest: '', lower: ' down', upper: ' up' }[rounding.to];
    return [`values are rounded${side} to multiples of ${short(rounding.step)}`];
  }
  const words: string[] = [];
  let others = sorted;
  while (!whole && words.length < MAX_REPEATED) {
    const repeated = repeatedValue(others, reference);
    if (!repeated) break;
    words.push(describeRepeated(repeated, sorted, rows, reference));
    others = repeated.others;
    if (others.length < MIN_VALUES || isCutOff(repeated.value, sorted, reference)) return words;
  }
  if (words.length === MAX_REPEATED || (words.length > 0 && misfit(others, reference) <= CLEAR_MISFIT)) return words;
  if (findings.alarms.range) {
    const above = others.reduce((sum, value) => sum + Number(value > reference.max), 0) / rows;
    const below = others.reduce((sum, value) => sum + Number(value < reference.min), 0) / rows;
    words.push(...describeRange(above, below));
  }
  const transformation = whole ?? findTransformation(others, reference);
  if (transformation) words.push(describeTransformation(transformation, reference));
  else if (words.length === 0) words.push(describeInterval(findings, values));
  return words;
}

function describeRepeated(
  { value, count }: RepeatedValue,
  sorted: Float64Array,
  rows: number,
  reference: ReferenceDistribution,
): string {
  const before = reference.isDiscrete ? reference.shareOf(value) : 0;
  const beyond = value > reference.max ? 'above' : value < reference.min ? 'below' : undefined;
  const cutOff = isCutOff(value, sorted, reference);
  return (
    `${percent(count / rows)} of rows have one value (${shortest(value)})` +
    (before > 0 ? ` instead of ${percent(before)}` : '') +
    (beyond ? `, ${beyond} the reference range` : '') +
    (cutOff ? ` and none is ${cutOff}` : '')
  );
}

/** Returns on which side of `value` there are no values, although many are expected. */
function isCutOff(value: number, sorted: Float64Array, reference: ReferenceDistribution): string | undefined {
  if (sorted[0] === sorted.at(-1)) return undefined;
  const rank = reference.rankOf(value);
  const isUnlikely = (share: number) => sorted.length * Math.log(1 - share) < LOG_CUT_OFF;
  if (value === sorted.at(-1) && isUnlikely(1 - rank)) return 'higher';
  return value === sorted[0] && isUnlikely(rank) ? 'lower' : undefined;
}

function describeRange(above: number, below: number): string[] {
  return [
    ...(above > 0 ? [`${percent(above)} of rows above the reference range`] : []),
    ...(below > 0 ? [`${percent(below)} of rows below the reference range`] : []),
  ];
}

/** Factors between these are a change of spread rather than of unit, if the values lie around 0. */
const MAX_SPREAD = 3;
/** A smaller shift of the median, in standard deviations, is not worth a word beside another spread. */
const MIN_SHIFT = 0.2;

function describeTransformation({ kind, offset, factor }: Transformation, reference: ReferenceDistribution): string {
  const { deviation } = reference;
  if (kind === 'shift') return describeShift(offset / deviation);
  const isAroundZero = reference.valueAt(0.1) < 0 && reference.valueAt(0.9) > 0;
  const isSpread = kind === 'spread' || (isAroundZero && factor < MAX_SPREAD && factor > 1 / MAX_SPREAD);
  if (kind === 'unit' && !isSpread) {
    return factor === -1 ? 'with the opposite sign' : `about ${short(factor, 2)} times as large`;
  }
  const spread = `${factor > 1 ? 'more' : 'less'} spread out (about ${short(factor, 2)} times)`;
  if (isSpread) return spread;
  const shift = (offset + (factor - 1) * reference.valueAt(0.5)) / deviation;
  return Math.abs(shift) < MIN_SHIFT ? spread : `${describeShift(shift)} and ${spread}`;
}

function describeShift(deviations: number): string {
  const by = Number.isFinite(deviations) ? ` by ${short(Math.abs(deviations), 2)} standard deviations` : '';
  return `${deviations > 0 ? 'higher' : 'lower'}${by}`;
}

/** The larger of both distances between the cumulative shares says in which direction most rows moved; this, that some moved in the other. */
const OTHER_DIRECTION = 1;

/** From counts alone: out of range, a shift if no part of the rows moved the other way, or the interval with more rows. */
function describeCounts(findings: Findings): string[] {
  const { window, baseline, alarms, above, below, meanShift } = findings;
  const words = alarms.range ? describeRange(above, below) : [];
  if (!alarms.bins) return words;
  const n = sumOf(window);
  const m = sumOf(baseline);
  let cumulative = 0;
  let up = 0;
  let down = 0;
  for (let k = 0; k < baseline.length; k++) {
    cumulative += baseline[k]! / m - window[k]! / n;
    up = Math.max(up, cumulative);
    down = Math.max(down, -cumulative);
  }
  const isShift = Math.min(up, down) * Math.sqrt((n * m) / (n + m)) < OTHER_DIRECTION;
  const isHigher = up > down;
  // A single huge value moves the mean, but says little about a shift.
  const agrees = isHigher === meanShift > 0 && Math.abs(meanShift) < 100;
  if (isShift && agrees && Math.max(up, down) < 0.9) words.push(describeShift(meanShift));
  else if (isShift && words.length === 0 && !isNarrow(findings)) words.push(isHigher ? 'higher' : 'lower');
  else if (words.length === 0) words.push(describeInterval(findings));
  return words;
}

/** Returns whether most rows are in one bin. */
function isNarrow({ window }: Findings): boolean {
  return Math.max(...window) > sumOf(window) / 2;
}

function describeInterval({ window, baseline, edges }: Findings, values?: Values): string {
  const interval = changedInterval(window, baseline, edges);
  if (!interval) return 'differently distributed';
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY, share, before } = interval;
  const only = values?.reference.onlyValueIn(low, high);
  if (values && only !== undefined && values.sorted.every((value) => value === only || value <= low || value > high)) {
    return `${percent(share)} of rows have one value (${shortest(only)}) instead of ${percent(before)}`;
  }
  const spread = (edges.at(-1) ?? 0) - (edges[0] ?? 0);
  const at = (value: number) => short(value, spread > 0 ? digitsOf(value, spread) : 4);
  const where =
    low === Number.NEGATIVE_INFINITY
      ? `up to ${at(high)}`
      : high === Number.POSITIVE_INFINITY
        ? `above ${at(low)}`
        : `between ${at(low)} and ${at(high)}`;
  return `${percent(share)} of rows ${where} instead of ${percent(before)}`;
}

/** Significant digits that distinguish values which differ by a hundredth of `spread`. */
function digitsOf(value: number, spread: number): number {
  return Math.max(3, Math.min(9, Math.ceil(Math.log10(Math.abs(value) / spread + 1e-9)) + 3));
}

function short(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}

/** The shortest decimal number that is the same float32. */
function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(value)) return String(rounded);
  }
  return String(value);
}

import { UNIT_MS } from '../coding.js';
import type { BooleanColumn, CategoryColumn, Column, NumberColumn, TimestampColumn } from '../column.js';
import { angleOf, PERIOD_DAYS } from '../encoding/cycles.js';
import {
  type CalendarEncoding,
  type EncodedColumn,
  inputCount,
  inputsOf,
  type OneHotEncoding,
  type Period,
  type StandardEncoding,
} from '../encoding/encoding.js';
import type { Range } from '../encoding/reach.js';
import { DAY } from '../times.js';
import { fitPower } from './fit-power.js';
import { MAX_FITTED_VALUES, moments } from './moments.js';
import { fitTargetEncoding, type TargetRows } from './target-statistics.js';

/**
 * Levels of a category that have an input each in any table: with statistics alone, which are a line, the network cannot
 * distinguish 142 countries (RMSE 1.7 times that of an input each) or 260 storms (1.3 times).
 */
const MAX_ONE_HOT = 200;

/** More levels have an input each where they have as many training rows as this in the mean… */
const ROWS_PER_LEVEL = 10;

/** …and levels times training rows, and with it the time of an epoch, is not more than this. */
const MAX_LEVEL_ROWS = 1e7;

/** Inputs from which the categories of most levels have statistics instead: 30 units could not make use of more. */
const MAX_FITTED_INPUTS = 1000;

/** Training rows below which a level shares its input with others as rare: of fewer rows, nothing can be learned. */
const RARE = 3;

/** Days that a column must span before a cycle can be distinguished from a trend. */
const MIN_SPAN: Readonly<Record<Period, number>> = { day: 0, week: 14, year: 300 };

/**
 * Share of the times on each side that may be typing errors, such as 1900 or 2099, if they are further out than this share of the
 * span of all others: they do not make a trend.
 */
const STRAY = 0.001;
const FAR = 0.1;

/** Years from which on a trend and the season are two things. */
const SEASONS = 1.5;

/** Variance below which a cycle is left out: nearly all times have the same angle. Evenly spread angles have 1. */
const MIN_CYCLE = 0.02;

/** Rows to fit encodings to. */
export interface CodedRows extends TargetRows {
  /** `[rows, columns]`: codes. */
  readonly features: Float32Array;
}

/** Fits the encodings of columns to the rows `index`, at least one, in random order. */
export function fitEncodings(columns: readonly Column[], data: CodedRows, index: Int32Array): EncodedColumn[] {
  const codes = new Float32Array(index.length);
  const fit = (column: Column, j: number, maxOneHot: number) => {
    for (let i = 0; i < index.length; i++) codes[i] = data.features[index[i]! * columns.length + j]!;
    return fitColumn(column, codes, data, index, maxOneHot);
  };
  const { length: rows } = index;
  const most = Math.max(MAX_ONE_HOT, Math.min(rows / ROWS_PER_LEVEL, MAX_LEVEL_ROWS / rows));
  let fitted = columns.map((column, j) => fit(column, j, most));
  for (let max = most / 2; max >= 1 && inputCount(fitted) > MAX_FITTED_INPUTS; max /= 2) {
    fitted = fitted.map((column, j) =>
      isOneHot(column) && inputsOf(column.encoding) > max ? fit(columns[j]!, j, max) : column,
    );
  }
  return fitted;
}

function isOneHot({ encoding }: EncodedColumn): boolean {
  return encoding.method === 'one_hot';
}

function fitColumn(
  column: Column,
  codes: Float32Array,
  data: CodedRows,
  index: Int32Array,
  maxOneHot: number,
): EncodedColumn {
  switch (column.type) {
    case 'number':
      return fitNumber(column, codes);
    case 'boolean':
      return fitBoolean(column, codes);
    case 'category':
      return fitCategory(column, codes, data, index, maxOneHot);
    case 'timestamp':
      return fitTimestamp(column, codes);
  }
}

function fitNumber(column: NumberColumn, codes: Float32Array): EncodedColumn {
  const power = fitPower(codes);
  const encoding = { ...standard(codes), range: rangeOf(codes) };
  return { ...column, encoding: power ? { ...encoding, method: 'power', power } : encoding };
}

function rangeOf(codes: Float32Array): Range {
  let [min, max] = [Infinity, -Infinity];
  for (const code of codes) {
    if (code < min) min = code;
    if (code > max) max = code;
  }
  return min <= max ? [min, max] : [0, 0];
}

function fitBoolean(column: BooleanColumn, codes: Float32Array): EncodedColumn {
  return { ...column, encoding: standard(codes) };
}

function standard(codes: Float32Array): StandardEncoding {
  return { method: 'standard', ...moments(codes), gaps: gapsOf(codes) };
}

/** Share of the codes that are missing. */
function gapsOf(codes: Float32Array): number {
  let gaps = 0;
  for (const code of codes) if (Number.isNaN(code)) gaps++;
  return gaps / codes.length;
}

function fitCategory(
  column: CategoryColumn,
  codes: Float32Array,
  data: CodedRows,
  index: Int32Array,
  maxOneHot: number,
): EncodedColumn {
  const counts = new Array<number>(column.levels.length).fill(0);
  let gaps = 0;
  for (const code of codes) {
    if (Number.isNaN(code)) gaps++;
    else if (code < counts.length) counts[code]!++;
  }
  const encoding = oneHot(counts, gaps, codes.length, maxOneHot) ?? fitTargetEncoding(counts, gaps, codes, data, index);
  return { ...column, encoding };
}

/** Returns undefined if a category has too many levels for an input each. */
function oneHot(counts: readonly number[], gaps: number, rows: number, max: number): OneHotEncoding | undefined {
  const shares: number[] = [];
  const add = (count: number) => shares.push(count / rows) - 1;
  const rare = counts.reduce((sum, count) => sum + (count < RARE ? count : 0), 0);
  const frequent = counts.filter((count) => count >= RARE).length;
  if (frequent > max) return undefined;
  const places = counts.map((count) => (count >= RARE ? add(count) : -1));
  const other = rare >= RARE ? add(rare) : -1;
  const gap = gaps > 0 ? add(gaps) : -1;
  if (shares.length === 0) add(0);
  return {
    method: 'one_hot',
    places: places.map((place) => (place < 0 ? other : place)),
    other,
    gap,
    shares,
  };
}

function fitTimestamp(column: TimestampColumn, codes: Float32Array): EncodedColumn {
  const { unit, origin, range } = column;
  const known = codes.subarray(0, MAX_FITTED_VALUES).filter((code) => !Number.isNaN(code));
  const days = ((range[1] - range[0]) * UNIT_MS[unit]) / DAY;
  const cycles: CalendarEncoding['cycles'] = [];
  for (const period of ['day', 'week', 'year'] as const) {
    if ((period === 'day' && unit === 'day') || days < MIN_SPAN[period]) continue;
    const angles = Float64Array.from(known, (code) => angleOf(period, origin + code * UNIT_MS[unit]));
    const [sin, cos] = [moments(angles.map(Math.sin)), moments(angles.map(Math.cos))];
    const variance = varianceOf(angles.map(Math.sin), sin.mean) + varianceOf(angles.map(Math.cos), cos.mean);
    if (variance >= MIN_CYCLE) cycles.push({ period, sin: sin.mean, cos: cos.mean, scale: Math.sqrt(variance) });
  }
  const bounds = known.length > 0 ? trendRange(known) : ([0, 0] as [number, number]);
  const year = (PERIOD_DAYS.year * DAY) / UNIT_MS[unit];
  // A trend looks like the season until most days of the year have come twice: the next June is as the last one was.
  const isSeason = cycles.some(({ period }) => period === 'year') && bounds[1] - bounds[0] < SEASONS * year;
  const within = codes.map((code) => Math.min(bounds[1], Math.max(bounds[0], code)));
  const trend = { ...moments(within), range: bounds, ...(isSeason && { period: year }) };
  return { ...column, encoding: { method: 'calendar', trend, cycles, gaps: gapsOf(codes) } };
}

/** Returns the first and the last of the codes, at least one, that a trend is learned of. */
function trendRange(known: Float32Array): [number, number] {
  const sorted = known.slice().sort();
  const beyond = Math.floor(STRAY * known.length);
  const [low, high] = [sorted[beyond]!, sorted[known.length - 1 - beyond]!];
  const far = FAR * (high - low);
  return [sorted.find((code) => code >= low - far)!, sorted.findLast((code) => code <= high + far)!];
}

function varianceOf(values: Float64Array, mean: number): number {
  return values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
}

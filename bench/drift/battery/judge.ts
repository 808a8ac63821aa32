import type { ColumnChange, Kind } from './changes.js';

/** A sentence is right if each of its parts is true, and one of them says what was done. */
export type Judgement = 'right' | 'vague' | 'wrong' | 'opposite';

/** A column as it was and as it is, from many rows. Values ascending, NaN last. */
export interface Truth {
  readonly before: Float64Array;
  readonly now: Float64Array;
  /** Of the held-out rows. */
  readonly min: number;
  readonly max: number;
  readonly deviation: number;
  /** Whether this is the changed column. */
  readonly isChanged: boolean;
}

type Part = 'value' | 'range' | 'shift' | 'spread' | 'unit' | 'rounding' | 'missing' | 'interval' | 'relation' | 'sign';

/** What may be said of each kind of change. */
const ACCEPTED: Readonly<Record<Kind, readonly Part[]>> = {
  shift: ['shift', 'interval', 'range'],
  unit: ['unit', 'sign', 'range', 'shift', 'spread', 'interval'],
  spread: ['spread', 'interval', 'range'],
  stuck: ['value'],
  sentinel: ['value', 'range'],
  rounding: ['rounding'],
  missing: ['missing'],
  mixture: ['shift', 'interval', 'range', 'value', 'spread'],
  clip: ['value', 'interval'],
  relation: ['relation', 'shift', 'spread', 'interval', 'range', 'value', 'unit', 'rounding'],
};
/** Shares in a sample of `rows` rows may be off by this many standard errors, and the baseline's by this much more. */
const ERRORS = 4;
const SLACK = 0.03;

/** Judges a sentence about a column, measured in `rows` rows, by what was done. */
export function judge(words: string, rows: number, { kind, amount }: ColumnChange, truth: Truth): Judgement {
  if (words === '') return 'vague';
  const guard = judgeGuard(words, truth);
  const parts = guard
    ? [guard]
    : words
        .split(/, (?!above the reference|below the reference)| and (?=more|less)/)
        .map((part) => judgePart(part, rows, kind, amount, truth));
  if (parts.includes('opposite')) return 'opposite';
  if (parts.includes('wrong')) return 'wrong';
  // In a column of two values, one of which is 0, another unit is another value.
  const isFlag = kind === 'unit' && new Set(truth.before).size <= 2;
  if (isFlag && parts.includes('value')) return 'right';
  const accepted = truth.isChanged ? ACCEPTED[kind] : (['relation'] as const);
  return parts.some((part) => (accepted as readonly string[]).includes(part)) ? 'right' : 'vague';
}

/** Four digits are printed of a value, two of a distance. */
const VALUE_ERROR = 1e-3;
const RANGES_ERROR = 0.06;

/**
 * Judges the words of a guard, undefined for other words. A guard counts the latest rows in which such values are densest, so that
 * their share says nothing about all rows: the range, the furthest value and its distance must be true.
 */
function judgeGuard(words: string, { now, min, max }: Truth): Part | 'wrong' | undefined {
  if (/^missing in [\d,]+ of [\d,]+ rows$/.test(words)) return now.some(Number.isNaN) ? 'missing' : 'wrong';
  const match =
    /^(?:1 row|[\d,]+(?: of [\d,]+)? rows) (?:out of the range (\S+) to (\S+)|other than (\S+)) of the held-out rows, the furthest (\S+?)(?:, (\S+) ranges away)?$/.exec(
      words,
    );
  if (!match) return undefined;
  const equals = (said: number, value: number) =>
    Math.abs(said - value) <= VALUE_ERROR * Math.max(Math.abs(value), 1e-3);
  const [low, high, furthest] = [match[1] ?? match[3], match[2] ?? match[3], match[4]].map(Number) as [
    number,
    number,
    number,
  ];
  const value = now.find((one) => equals(furthest, one) && (one < min || one > max));
  if (value === undefined || !equals(low, min) || !equals(high, max)) return 'wrong';
  const ranges = Math.max(min - value, value - max) / (max - min);
  const said = match[5]?.replaceAll(',', '');
  return said === undefined || Math.abs(Number(said) - ranges) <= RANGES_ERROR * ranges ? 'range' : 'wrong';
}

function judgePart(
  text: string,
  rows: number,
  kind: Kind,
  amount: number | undefined,
  truth: Truth,
): Part | 'opposite' | 'wrong' {
  const { before, now, min, max, deviation } = truth;
  const near = (said: number, of: (value: number) => boolean, values = now) => {
    const share = values.reduce((sum, value) => sum + Number(of(value)), 0) / values.length;
    const error = Math.sqrt(Math.max(share * (1 - share), 1 / rows) / rows);
    return Math.abs(said / 100 - share) <= ERRORS * error + SLACK;
  };
  const center = (values: Float64Array) =>
    values[Math.floor(0.5 * values.findLastIndex((value) => !Number.isNaN(value)))]!;
  const mean = (values: Float64Array) => {
    const present = values.filter((value) => !Number.isNaN(value));
    return present.reduce((sum, value) => sum + value / present.length, 0);
  };
  let match =
    /^(?:< )?(\d+) % of rows have one value \(([^)]+)\)(?: instead of (?:< )?(\d+) %)?(, (above|below) the reference range)?(?: and none is (higher|lower))?$/.exec(
      text,
    );
  if (match) {
    const value = Math.fround(Number(match[2]));
    const isPlaced = !match[5] || (match[5] === 'above' ? value > max : value < min);
    const isBefore = match[3] === undefined || near(Number(match[3]), (one) => one === value, before);
    const beyond = now.reduce((sum, one) => sum + Number(match![6] === 'higher' ? one > value : one < value), 0);
    const isEnd = match[6] === undefined || beyond < 0.01 * now.length;
    return near(Number(match[1]), (one) => one === value) && isPlaced && isBefore && isEnd ? 'value' : 'wrong';
  }
  match = /^(?:< )?(\d+) % of rows (above|below) the reference range$/.exec(text);
  if (match) {
    const isAbove = match[2] === 'above';
    return near(Number(match[1]), (value) => (isAbove ? value > max : value < min)) ? 'range' : 'wrong';
  }
  match = /^(?:< )?(\d+) % of rows missing$/.exec(text);
  if (match) return near(Number(match[1]), Number.isNaN) ? 'missing' : 'wrong';
  match = /^(?:< )?(\d+) % of rows (?:between (\S+) and (\S+)|above (\S+)|up to (\S+)) instead of (?:< )?(\d+) %$/.exec(
    text,
  );
  if (match) {
    const [from, to] = [match[2] ?? match[4], match[3] ?? match[5]];
    const low = Number(from ?? Number.NEGATIVE_INFINITY);
    const high = Number(to ?? Number.POSITIVE_INFINITY);
    // Half of the last digit that is printed, and the rounding error of a float32.
    const digits = (value: number) => {
      const decimals = String(value).split('.')[1]?.length ?? 0;
      return Number.isFinite(value) ? 0.5 * 10 ** -decimals + 1e-6 * Math.abs(value) : 0;
    };
    const tied = (of: number, values: Float64Array) =>
      [-1, 0, 1].some((a) =>
        [-1, 0, 1].some((b) =>
          near(of, (value) => value > low + a * digits(low) && value <= high + b * digits(high), values),
        ),
      );
    return tied(Number(match[1]), now) && tied(Number(match[6]), before) ? 'interval' : 'wrong';
  }
  match = /^(higher|lower)(?: by (\S+) standard deviations)?(?: than the other features suggest)?$/.exec(text);
  if (match) {
    const [byMedian, byMean] = [center(now) - center(before), mean(now) - mean(before)].map((by) => by / deviation);
    const said = match[1] === 'higher' ? 1 : -1;
    if (kind === 'spread' || kind === 'rounding' || kind === 'stuck' || kind === 'sentinel' || kind === 'clip')
      return 'wrong';
    if (said * byMedian! < 0 && said * byMean! < 0) return 'opposite';
    if (said * byMedian! < -0.1 || said * byMean! < -0.1) return 'wrong';
    const size = Number(match[2] ?? Number.NaN);
    const fits = [byMedian!, byMean!].some(
      (by) => Math.abs(size - Math.abs(by)) <= Math.max(0.3, 0.5 * Math.abs(by), 3 / Math.sqrt(rows)),
    );
    return match[2] === undefined || fits ? 'shift' : 'wrong';
  }
  match = /^(more|less) spread out \(about (\S+) times\)$/.exec(text);
  if (match) {
    const at = (values: Float64Array, rank: number) =>
      values[Math.floor(rank * values.findLastIndex((value) => !Number.isNaN(value)))]!;
    const width = (values: Float64Array) => at(values, 0.9) - at(values, 0.1);
    const ratio = width(now) / width(before);
    if (match[1] === 'more' ? ratio < 0.9 : ratio > 1.1) return 'opposite';
    return Math.abs(Math.log(Number(match[2]) / ratio)) < Math.log(1.6) ? 'spread' : 'wrong';
  }
  match = /^about (\S+) times as large$/.exec(text);
  if (match) {
    const said = Number(match[1]);
    if (kind === 'unit') {
      // The median of a skewed column is uncertain by a factor.
      const log = (rank: number) => Math.log(Math.abs(before[Math.floor(rank * (before.length - 1))]!) + 1e-9);
      const error = (ERRORS * Math.abs(log(0.84) - log(0.16))) / 2 / Math.sqrt(rows);
      // From °C to °F, the ratio of the medians is as true.
      const fits = [amount!, center(now) / center(before)].some((factor) => {
        return Math.abs(Math.log(said / factor)) < Math.max(Math.log(1.3), error);
      });
      return fits ? 'unit' : 'wrong';
    }
    const ratio = center(now) / center(before);
    if (ratio > 0 && said > 1 !== ratio > 1) return 'opposite';
    return 'wrong';
  }
  match = /^values are rounded(?: down| up)? to multiples of (\S+)$/.exec(text);
  if (match)
    return kind === 'rounding' && Math.abs(Number(match[1]) / (amount! * deviation) - 1) < 0.05 ? 'rounding' : 'wrong';
  if (text === 'with the opposite sign') return kind === 'unit' && amount === -1 ? 'sign' : 'wrong';
  if (text.startsWith('no longer depends on the other features as before')) return 'relation';
  return 'wrong';
}

import { codeOfInstant, codeOfLevel } from '../../columns/coding.js';
import {
  type BooleanColumn,
  type CategoryColumn,
  type Column,
  MAX_LEVELS,
  type Notation,
  type TimestampColumn,
} from '../../columns/column.js';
import { strictReader } from '../../columns/notation/notation-inference.js';
import { TRUTH_VALUES } from '../../columns/notation/truth-values.js';
import { DAY, type DateOrder, EPOCH_MS, EPOCHS, type Epoch, MAX_INSTANT, readTime } from '../../columns/times.js';
import { type Decided, type Decision, leftOut, type Text } from './decision.js';
import type { RawColumn } from './raw-column.js';

/** Longest span of codes that float32 holds exactly, with room for what comes after the training. */
const MAX_CODE = 2 ** 23;
/** Units of numbers that are times since 1973, and the smallest such number. */
const MIN_TIMES: readonly (readonly [Epoch, number])[] = [
  ['nanoseconds', 1e17],
  ['microseconds', 1e14],
  ['milliseconds', 1e11],
  ['seconds', 1e8],
];

export function asNumber(raw: RawColumn, notation: Notation, why: string): Decided {
  const { name, numbers } = raw;
  const isPlain = notation.decimal === '.' && Object.keys(notation).length === 1;
  const read = strictReader(notation);
  const range = numbers.count > 0 ? ([numbers.min, numbers.max] as [number, number]) : ([0, 0] as [number, number]);
  const column: Column = { name, type: 'number', missing: 0, range, ...(!isPlain && { notation }) };
  return { is: 'column', column, code: read, why };
}

/** Returns undefined if a text is no truth value. */
export function asBoolean(name: string, texts: readonly Text[], why: string): Decided | undefined {
  const words = [...texts].sort((a, b) => b.count - a.count).map(({ text }) => text);
  const pairs = why === 'so declared' ? [...TRUTH_VALUES, ['0', '1'] as const] : TRUTH_VALUES;
  for (const pair of pairs) {
    const indices = words.map((word) => pair.indexOf(isNumeric(word) ? String(Number(word)) : word.toLowerCase()));
    if (words.length === 0 || indices.includes(-1)) continue;
    const label = (index: number) => words[indices.indexOf(index)] ?? pair[index]!;
    const column: BooleanColumn = { name, type: 'boolean', missing: 0, labels: [label(0), label(1)] };
    return { is: 'column', column, code: (text) => indices[words.indexOf(text)]!, why };
  }
  return undefined;
}

function isNumeric(text: string): boolean {
  return /^\d+(\.0*)?$/.test(text);
}

/** Returns undefined if a cell is no time. */
export function asTimes(raw: RawColumn, texts: readonly Text[], order: DateOrder | undefined): Decided | undefined {
  const { numbers, strays, reading } = raw;
  const times = texts.map(({ text }) => readTime(text, order));
  if (strays > 0 || times.some(Number.isNaN) || (numbers.count > 0 && reading?.type !== 'timestamp')) return undefined;
  let { min, max, midnights, minutes } = numbers;
  for (const time of times) {
    min = Math.min(min, time);
    max = Math.max(max, time);
    midnights &&= time % DAY === 0;
    minutes &&= time % 60_000 === 0;
  }
  const isOrdered = raw.isOrdered || texts.some(({ text }) => Number.isNaN(readTime(text)));
  const column = timestamp(raw.name, min, max, midnights, minutes);
  const code = (text: string) => codeOfInstant(column, readTime(text, order));
  const why = `all cells are dates${column.unit === 'day' ? '' : ' and times'}`;
  return { is: 'column', column: order && isOrdered ? { ...column, order } : column, code, why };
}

/** Reads numbers that count from 1970 as times. Returns undefined if they are none: those before 1973 could be anything. */
export function asEpochs({ name, numbers, strays, reading }: RawColumn, texts: readonly Text[]): Decided | undefined {
  const { min, max, count } = numbers;
  if (count === 0 || strays > 0 || texts.length > 0 || reading?.type === 'timestamp') return undefined;
  const [epoch, least] = MIN_TIMES.find(([, from]) => max >= from) ?? [];
  if (epoch === undefined || min < least! || max * EPOCH_MS[epoch] > MAX_INSTANT) return undefined;
  const milliseconds = EPOCH_MS[epoch];
  const column = { ...timestamp(name, min * milliseconds, max * milliseconds, false, false), epoch };
  return { is: 'column', column, code: () => Number.NaN, milliseconds, why: `its numbers are ${epoch} since 1970` };
}

/** Returns the unit in which numbers are times of 1990 to 2040; undefined if they are not. Few other numbers are. */
export function likelyEpoch({ min, max, count }: RawColumn['numbers']): Epoch | undefined {
  if (count === 0) return undefined;
  const [from, to] = [Date.UTC(1990, 0), Date.UTC(2040, 0)];
  return EPOCHS.find((epoch) => min * EPOCH_MS[epoch] >= from && max * EPOCH_MS[epoch] <= to);
}

function timestamp(name: string, min: number, max: number, midnights: boolean, minutes: boolean): TimestampColumn {
  const unit = midnights ? 'day' : minutes || max - min > 1000 * MAX_CODE ? 'minute' : 'second';
  const origin = Math.floor(min / DAY) * DAY;
  const column: TimestampColumn = { name, type: 'timestamp', missing: 0, unit, origin, range: [0, 0] };
  return { ...column, range: [codeOfInstant(column, min), codeOfInstant(column, max)] };
}

export function asCategory({ name }: RawColumn, texts: readonly Text[], why: string): Decision {
  const sorted = [...texts].sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  const levels = sorted.slice(0, MAX_LEVELS).map(({ text }) => text);
  if (levels.length === 0) return leftOut('it has more distinct texts than can be learned');
  const column: CategoryColumn = { name, type: 'category', missing: 0, levels, counts: levels.map(() => 0) };
  return { is: 'column', column, code: (text) => codeOfLevel(column, text), why };
}

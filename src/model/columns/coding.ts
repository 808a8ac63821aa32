import { show } from '../../base/domain-error.js';
import type { BooleanColumn, CategoryColumn, Column, Notation, TimestampColumn, TimeUnit } from './column.js';
import { isGap } from './notation/gaps.js';
import { numberInText } from './notation/number-text.js';
import { codeOfTruth } from './notation/truth-values.js';
import { DAY, EPOCH_MS, MAX_INSTANT, readTime } from './times.js';

/** Milliseconds of a unit. */
export const UNIT_MS: Readonly<Record<TimeUnit, number>> = { day: DAY, minute: 60_000, second: 1000 };
/** The largest finite float32. */
const MAX_NUMBER = 3.4028234663852886e38;
/** Numbers whose text is the only one in its notation: `05` may be another level than `5`. */
const CANONICAL = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/;

/** What a JSON value or a cell that a column cannot take should have been. */
export class Uncodable {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

/**
 * Returns the code of a JSON value: a float32 that stands for it in rows `[rows, columns]`. NaN stands for a missing value: null, and
 * a text that marks a gap unless it is a level of the column. A category's code is the index of its level, or the number of levels
 * for one that the training did not have.
 */
export function codeOfValue(column: Column, value: unknown): number | Uncodable {
  if (value === null || value === undefined) return Number.NaN;
  switch (column.type) {
    case 'number':
      return typeof value === 'number' ? codeOfNumber(value, column.notation) : uncodable(column);
    case 'category':
      return typeof value === 'object' ? uncodable(column) : codeOfLevel(column, value as string | number | boolean);
    case 'boolean':
      return codeOfBoolean(column, value);
    case 'timestamp':
      return codeOfTime(column, value);
  }
}

/** Returns the code of a cell of a text file, as `codeOfValue` does. Numbers are written in the column's notation. */
export function codeOfText(column: Column, text: string): number | Uncodable {
  if (column.type !== 'number') return codeOfValue(column, text);
  const cell = text.trim();
  const number = numberInText(cell, column.notation);
  return Number.isNaN(number) && !isGap(cell) ? uncodable(column) : codeOfNumber(number, column.notation);
}

/** What a value of a column should be, for messages: `a finite number`. */
export function expectedOf(column: Column): string {
  switch (column.type) {
    case 'number':
      return column.notation ? `a finite number, written as ${exampleOf(column.notation)}` : 'a finite number';
    case 'category':
      return 'a text';
    case 'boolean':
      return `true, false, ${show(column.labels[1])} or ${show(column.labels[0])}`;
    case 'timestamp':
      return expectedTime(column);
  }
}

/** Returns what a code stands for, as JSON; undefined for a level that the training did not have, and null for a missing value. */
export function valueOfCode(column: Column, code: number): number | string | boolean | null | undefined {
  if (Number.isNaN(code)) return null;
  switch (column.type) {
    case 'number':
      return code;
    case 'category':
      return column.levels[code];
    case 'boolean':
      return code !== 0;
    case 'timestamp':
      return textOfTime(column, code);
  }
}

function codeOfNumber(value: number, notation: Notation | undefined): number | Uncodable {
  const isCode = (value >= -MAX_NUMBER && value <= MAX_NUMBER) || Number.isNaN(value);
  return isCode ? value : uncodable({ type: 'number', notation } as Column);
}

interface Levels {
  readonly byText: ReadonlyMap<string, number>;
  /** Levels that are numbers: pandas writes 5 as `5.0` once its column has a gap. */
  readonly byNumber: ReadonlyMap<number, number>;
}

const LEVELS = new WeakMap<CategoryColumn, Levels>();

/** Returns the index of a level; the number of levels for one that the training did not have, and NaN for the marker of a gap. */
export function codeOfLevel(column: CategoryColumn, level: string | number | boolean): number {
  let levels = LEVELS.get(column);
  if (!levels) {
    levels = readLevels(column);
    LEVELS.set(column, levels);
  }
  const text = String(level);
  const index = levels.byText.get(text);
  if (index !== undefined) return index;
  if (typeof level === 'boolean') return levels.byText.get(level ? 'True' : 'False') ?? column.levels.length;
  const cell = text.trim();
  const trimmed = cell === text ? undefined : levels.byText.get(cell);
  if (trimmed !== undefined) return trimmed;
  if (isGap(cell)) return Number.NaN;
  const equal = levels.byNumber.size > 0 && CANONICAL.test(cell) ? levels.byNumber.get(Number(cell)) : undefined;
  return equal ?? column.levels.length;
}

function readLevels({ levels }: CategoryColumn): Levels {
  const byNumber = new Map<number, number>();
  levels.forEach((level, i) => {
    if (CANONICAL.test(level) && !byNumber.has(Number(level))) byNumber.set(Number(level), i);
  });
  return { byText: new Map(levels.map((level, i) => [level, i])), byNumber };
}

/** False and true as numbers, as the table writes them, and as any program does. */
function codeOfBoolean(column: BooleanColumn, value: unknown): number | Uncodable {
  if (typeof value === 'boolean') return Number(value);
  if (value === 0 || value === 1) return value;
  if (typeof value !== 'string') return uncodable(column);
  const text = value.trim();
  const index = column.labels.indexOf(text);
  if (index >= 0) return index;
  const word = text.toLowerCase();
  for (let code = 0; code < 2; code++) if (word === column.labels[code]!.toLowerCase()) return code;
  const code = codeOfTruth(word);
  if (code !== undefined) return code;
  return isGap(text) ? Number.NaN : uncodable(column);
}

/** The code of milliseconds since 1970. */
export function codeOfInstant({ origin, unit }: TimestampColumn, milliseconds: number): number {
  return Math.floor((milliseconds - origin) / UNIT_MS[unit]);
}

/** Texts in ISO 8601 and as the table writes them; numbers if those of the table count from 1970. */
function codeOfTime(column: TimestampColumn, value: unknown): number | Uncodable {
  const { order, epoch } = column;
  const text = typeof value === 'string' ? value.trim() : value;
  if (typeof text === 'string') {
    const milliseconds = readTime(text, order);
    if (!Number.isNaN(milliseconds)) return codeOfInstant(column, milliseconds);
    if (isGap(text)) return Number.NaN;
  }
  if (epoch === undefined) return uncodable(column);
  const number = typeof text === 'string' ? numberInText(text) : text;
  if (typeof number !== 'number' || !(Math.abs(number * EPOCH_MS[epoch]) <= MAX_INSTANT)) return uncodable(column);
  return codeOfInstant(column, number * EPOCH_MS[epoch]);
}

/** Returns the time that a code stands for in ISO 8601; null beyond the years that it has. */
export function textOfTime({ origin, unit }: Pick<TimestampColumn, 'origin' | 'unit'>, code: number): string | null {
  const time = new Date(origin + code * UNIT_MS[unit]);
  // A reconstruction may lie beyond the years that there are.
  if (Number.isNaN(time.getTime())) return null;
  const text = time.toISOString();
  return unit === 'day' ? text.slice(0, 10) : text.replace('.000Z', 'Z');
}

function uncodable(column: Column): Uncodable {
  return new Uncodable(expectedOf(column));
}

function expectedTime({ unit, order, epoch }: TimestampColumn): string {
  const iso = unit === 'day' ? 'a date in ISO 8601' : 'a date and time in ISO 8601';
  if (epoch !== undefined) return `${iso}, or ${epoch} since 1970`;
  return order === undefined ? iso : `${iso}, or with ${ORDERS[order]}`;
}

const ORDERS = { dmy: 'day, month and year', mdy: 'month, day and year', ymd: 'year, month and day' };

/** A number in a notation. */
function exampleOf({ decimal, thousands = '', unit }: Notation): string {
  return `1${thousands}234${decimal}5${unit === undefined ? '' : ` ${unit}`}`;
}

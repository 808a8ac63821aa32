import { show } from '../../base/domain-error.js';
import type { CategoryColumn, Column, TimestampColumn, TimeUnit } from './column.js';

const UNIT_MS: Readonly<Record<TimeUnit, number>> = { day: 86_400_000, minute: 60_000, second: 1000 };

/** What a JSON value or a cell that a column cannot take should have been. */
export class Uncodable {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

/**
 * Returns the code of a JSON value: a float32 that stands for it in rows `[rows, columns]`. NaN stands for a missing value,
 * null. A category's code is the index of its level, or the number of levels for one that the training did not have.
 */
export function codeOfValue(column: Column, value: unknown): number | Uncodable {
  if (value === null || value === undefined) return Number.NaN;
  switch (column.type) {
    case 'number':
      return typeof value === 'number' ? value : new Uncodable('a finite number');
    case 'category':
      return typeof value === 'object' ? new Uncodable('a text') : codeOfLevel(column, String(value));
    case 'boolean':
      return codeOfBoolean(column.labels, value);
    case 'timestamp':
      return typeof value === 'string' ? codeOfTime(column, value) : new Uncodable('a date in ISO 8601');
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

const INDICES = new WeakMap<CategoryColumn, Map<string, number>>();

export function codeOfLevel(column: CategoryColumn, level: string): number {
  let indices = INDICES.get(column);
  if (!indices) {
    indices = new Map(column.levels.map((each, i) => [each, i]));
    INDICES.set(column, indices);
  }
  return indices.get(level) ?? column.levels.length;
}

function codeOfBoolean(labels: readonly [string, string], value: unknown): number | Uncodable {
  if (typeof value === 'boolean') return Number(value);
  if (value === 0 || value === 1) return value;
  const index = labels.indexOf(String(value).trim());
  return index >= 0 ? index : new Uncodable(`true, false, ${show(labels[1])} or ${show(labels[0])}`);
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Returns the milliseconds since 1970 of a date, or a date and time, in ISO 8601; NaN for any other text. Without a zone it is UTC. */
export function readTime(text: string): number {
  if (!ISO_TIME.test(text)) return Number.NaN;
  if (text.length === 10) return Date.parse(text);
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  return Date.parse(text.replace(' ', 'T') + (zoned ? '' : 'Z'));
}

/** The code of milliseconds since 1970. */
export function codeOfInstant({ origin, unit }: TimestampColumn, milliseconds: number): number {
  return Math.floor((milliseconds - origin) / UNIT_MS[unit]);
}

function codeOfTime(column: TimestampColumn, text: string): number | Uncodable {
  const milliseconds = readTime(text);
  return Number.isNaN(milliseconds) ? new Uncodable('a date in ISO 8601') : codeOfInstant(column, milliseconds);
}

function textOfTime({ origin, unit }: TimestampColumn, code: number): string {
  const text = new Date(origin + code * UNIT_MS[unit]).toISOString();
  return unit === 'day' ? text.slice(0, 10) : text.replace('.000Z', 'Z');
}

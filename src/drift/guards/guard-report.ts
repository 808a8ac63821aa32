import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { textOfTime } from '../../model/columns/coding.js';
import { rangesAway } from './column-range.js';
import { GUARD_TESTS, type Guard } from './guard.js';
import type { GuardCharts } from './guard-charts.js';
import type { GuardedColumn } from './guarded-column.js';

export const GuardReport = Type.Object(
  {
    name: Type.String({ description: 'of the feature or target' }),
    kind: Type.Enum(['feature', 'output']),
    test: Type.Enum([...GUARD_TESTS], {
      description: 'values outside the range of the held-out rows, or missing values',
    }),
    detected: Type.Boolean({ description: 'whether such rows come too often, or are too far out, to be chance' }),
    rows: Type.Integer({ description: 'such rows since the first that belongs to the alarm; 0 without an alarm' }),
    of_rows: Type.Integer({ description: 'all rows from the first of them to the last' }),
    implausible_rows: Type.Integer({
      description:
        'rows since the last reset with a value so far out that held-out rows have one in a million, or with a prediction ' +
        'several ranges of all targets out',
    }),
    furthest: nullable(Type.Number(), {
      description: 'the value that is furthest out; null if none, or if it is not finite',
    }),
    furthest_time: Type.Optional(Type.String({ description: 'the same for a timestamp, in ISO 8601' })),
    furthest_ranges: nullable(Type.Number(), {
      description:
        'its distance from the range in widths of the range; null if the range has no width, or without a value',
    }),
    words: Type.String(),
  },
  { 'x-schema': 'GuardReport' },
);
export type GuardReport = Static<typeof GuardReport>;

/** Reports the guards with an alarm or implausible rows: those with an alarm first, then by implausible rows. */
export function reportGuards(charts: GuardCharts): GuardReport[] {
  return charts.reported
    .map((guard) => reportGuard(guard, charts.columns[guard.column]!))
    .sort((a, b) => Number(b.detected) - Number(a.detected) || b.implausible_rows - a.implausible_rows);
}

function reportGuard({ test, alarm, implausible, furthest }: Guard, column: GuardedColumn): GuardReport {
  const value = alarm ? alarm.furthest : Number.isFinite(furthest) ? furthest : null;
  // A level is not a number, and a time is not one of a range.
  const isNumber = column.unseen === undefined && !column.time;
  const ranges = value === null || !isNumber ? null : rangesAway(column.range, value);
  const rows = alarm?.events ?? 0;
  const of = alarm ? alarm.last - alarm.first + 1 : 0;
  return {
    name: column.name,
    kind: column.kind,
    test,
    detected: alarm !== undefined,
    rows,
    of_rows: of,
    implausible_rows: implausible,
    furthest: test === 'range' && isNumber ? value : null,
    ...(column.time && test === 'range' && value !== null && { furthest_time: timeOf(column.time, value) }),
    furthest_ranges: ranges !== null && Number.isFinite(ranges) ? ranges : null,
    words:
      test === 'missing' ? describeMissing(rows, of) : describeRange(column, value, alarm ? rows : implausible, of),
  };
}

function describeMissing(rows: number, of: number): string {
  return `missing in ${count(rows)} of ${count(of)} rows`;
}

/** Describes `rows` rows of `of`, or of an unknown number if that is 0, with values out of range, of which `value` is furthest out. */
export function describeRange(column: GuardedColumn, value: number | null, rows: number, of: number): string {
  const { kind, range, unseen, time } = column;
  const { min, max } = range;
  const number = rows === 1 ? '1 row' : of > 0 ? `${count(rows)} of ${count(of)} rows` : `${count(rows)} rows`;
  if (unseen !== undefined) return `${number} with a level that the training did not have`;
  if (time) {
    const furthest = value === null ? '' : `, the furthest ${timeOf(time, value)}`;
    return `${number} with a time before ${timeOf(time, min)} or after ${timeOf(time, max)}${furthest}`;
  }
  const where = min === max ? `other than ${short(min)}` : `out of the range ${short(min)} to ${short(max)}`;
  const source = kind === 'feature' ? 'of the held-out rows' : 'of all targets and held-out predictions';
  return `${number} ${where} ${source}, ${describeFurthest(range, value)}`;
}

function describeFurthest(range: GuardedColumn['range'], value: number | null): string {
  if (value === null) return 'the furthest without a finite prediction';
  const ranges = rangesAway(range, value);
  return `the furthest ${short(value)}${Number.isFinite(ranges) && ranges > 0 ? `, ${count(ranges)} ranges away` : ''}`;
}

/** A time as text; times that have no date in ISO 8601 are far out. */
function timeOf(time: NonNullable<GuardedColumn['time']>, code: number): string {
  return textOfTime(time, code) ?? (code < 0 ? 'the distant past' : 'the distant future');
}

/** A number in at most seven digits, such as `-32768`, `0.4999` or `1e+12`. */
function short(value: number): string {
  if (Math.abs(value) >= 1e10) return value.toExponential(3).replace(/\.?0*e/, 'e');
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}

/** A number in two digits from 100 on if it is not a whole one, with thousands separated. */
function count(value: number): string {
  if (value >= 1e9) return value.toExponential(0);
  const digits = Number.isInteger(value) ? 21 : 2;
  return new Intl.NumberFormat('en', { maximumSignificantDigits: digits }).format(value);
}

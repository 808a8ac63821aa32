import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError, show } from '../../base/domain-error.js';
import { nullable } from '../../base/json/nullable.js';
import { LatchState } from '../monitor/alarms.js';
import { CoverageAlarm } from './coverage-alarm.js';
import { type CoverageCounts, CoverageWindowState } from './coverage-window.js';

/** A monitor of coverage on disk. */
export const CoverageState = Type.Object({
  schema: Type.Literal(1),
  intervals: Type.String({ description: 'identifies the intervals' }),
  window_rows: Type.Integer(),
  windows: Type.Array(CoverageWindowState),
  latch: LatchState,
  alarm_size: Type.Integer({ minimum: 0 }),
  raised_by: nullable(CoverageAlarm),
  recent: Type.Array(Type.Integer()),
});
export type CoverageState = Static<typeof CoverageState>;

/** Checks a whole state before any of it is restored. `own` has its shape. Throws `INVALID_BASELINE` with the place. */
export function checkCoverageState(value: unknown, own: CoverageState): CoverageState {
  if (!Value.Check(CoverageState, value)) {
    const [first] = Value.Errors(CoverageState, value);
    throw invalid(first?.instancePath ?? '', first?.message ?? 'not a state');
  }
  for (const name of ['intervals', 'window_rows'] as const) check(value[name], own[name], `/${name}`);
  check(value.windows.length, own.windows.length, '/windows');
  value.windows.forEach((window, i) => {
    const place = `/windows/${i}`;
    const expected = own.windows[i]!;
    check(window.size, expected.size, `${place}/size`);
    check(shapeOf(window.dependence), shapeOf(expected.dependence), `${place}/dependence`);
    checkCounts(window.filling, expected.filling, `${place}/filling`);
    if (window.tested) checkCounts(window.tested, expected.filling, `${place}/tested`);
  });
  return value;
}

function checkCounts({ rows, misses }: CoverageCounts, expected: CoverageCounts, place: string): void {
  check(shapeOf(misses), shapeOf(expected.misses), `${place}/misses`);
  if (misses.flat().some((count) => count > rows)) throw invalid(`${place}/misses`, 'more misses than rows');
}

function shapeOf(matrix: readonly (readonly unknown[])[]): string {
  return matrix.map(({ length }) => length).join(',');
}

function check(found: unknown, expected: unknown, place: string): void {
  if (found !== expected) throw invalid(place, `expected ${show(expected)}, got ${show(found)}`);
}

function invalid(place: string, message: string): DomainError {
  return new DomainError('INVALID_BASELINE', `state of the coverage of intervals${place}: ${message}`);
}

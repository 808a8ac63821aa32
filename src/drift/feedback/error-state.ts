import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError, show } from '../../base/domain-error.js';
import { nullable } from '../../base/json/nullable.js';
import { LatchState } from '../monitor/alarms.js';
import { AlarmEvidence } from './alarm-evidence.js';
import type { ErrorCounts } from './error-counts.js';
import { ErrorWindowState } from './error-window.js';

/** A monitor of prediction errors on disk. */
export const ErrorState = Type.Object({
  schema: Type.Literal(1),
  reference: Type.String({ description: 'hash of the reference' }),
  window_rows: Type.Integer(),
  windows: Type.Array(ErrorWindowState),
  latch: LatchState,
  alarm_size: Type.Integer({ minimum: 0 }),
  raised_by: nullable(AlarmEvidence),
  recent: Type.Array(Type.Integer()),
});
export type ErrorState = Static<typeof ErrorState>;

/** Checks a whole state before any of it is restored. `own` has its shape. Throws `INVALID_BASELINE` with the place. */
export function checkErrorState(value: unknown, own: ErrorState): ErrorState {
  if (!Value.Check(ErrorState, value)) {
    const [first] = Value.Errors(ErrorState, value);
    throw invalid(first?.instancePath ?? '', first?.message ?? 'not a state');
  }
  for (const name of ['reference', 'window_rows'] as const) check(value[name], own[name], `/${name}`);
  check(value.windows.length, own.windows.length, '/windows');
  value.windows.forEach((window, i) => {
    const place = `/windows/${i}`;
    const expected = own.windows[i]!;
    check(window.size, expected.size, `${place}/size`);
    check(window.dependence.length, expected.dependence.length, `${place}/dependence`);
    checkCounts(window.filling, expected.filling, `${place}/filling`);
    if (window.tested) checkCounts(window.tested, expected.filling, `${place}/tested`);
  });
  return value;
}

function checkCounts({ targets }: ErrorCounts, expected: ErrorCounts, place: string): void {
  check(targets.length, expected.targets.length, `${place}/targets`);
  targets.forEach(({ errors, magnitudes }, j) => {
    check(errors.length, expected.targets[j]!.errors.length, `${place}/targets/${j}/errors`);
    check(magnitudes.length, expected.targets[j]!.magnitudes.length, `${place}/targets/${j}/magnitudes`);
  });
}

function check(found: unknown, expected: unknown, place: string): void {
  if (found !== expected) throw invalid(place, `expected ${show(expected)}, got ${show(found)}`);
}

function invalid(place: string, message: string): DomainError {
  return new DomainError('INVALID_BASELINE', `state of the prediction errors${place}: ${message}`);
}

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError } from '../../base/domain-error.js';
import { nullable } from '../../base/json/nullable.js';
import { ChartsState } from '../counts/charts.js';
import { RepeatsState } from '../counts/repeats.js';
import { RowCountsState } from '../counts/row-counts.js';
import { RingState } from '../counts/time-ring.js';
import { DependenceState } from '../dependence/dependence.js';
import { GuardChartsState } from '../guards/guard-charts.js';
import { binTotal, type Channel, GROUPS } from '../rows/channels.js';
import { AlarmEvidence } from './alarm-evidence.js';
import { LatchState } from './alarms.js';
import { WindowReport } from './report.js';

/** A monitor on disk. */
export const MonitorState = Type.Object({
  schema: Type.Literal(1),
  baseline: Type.String({ description: 'hash of the baseline that rows are compared with' }),
  window_rows: Type.Integer({ minimum: 0 }),
  since: Type.Number(),
  window: RowCountsState,
  tested: RowCountsState,
  tested_at: nullable(Type.Number()),
  covered: Type.Optional(
    Type.Array(Type.Integer(), {
      description: 'channels of cycles that the rows of the tested window are spread over',
    }),
  ),
  charts: ChartsState,
  // Earlier versions of this service had no such charts.
  guards: Type.Optional(GuardChartsState),
  /** Missing in states of releases that learned dependence from the first rows alone. */
  dependence: Type.Optional(DependenceState),
  repeats: Type.Optional(RepeatsState),
  closed_blocks: Type.Optional(Type.String()),
  latches: Type.Array(LatchState, { minItems: GROUPS.length, maxItems: GROUPS.length }),
  evidence: Type.Optional(
    Type.Array(nullable(AlarmEvidence), {
      minItems: GROUPS.length,
      maxItems: GROUPS.length,
      description: 'of the alarms; earlier versions stored none',
    }),
  ),
  described: Type.Optional(
    nullable(WindowReport, { description: 'the tested window, if it was described by its values' }),
  ),
  minutes: RingState,
  hours: RingState,
});
export type MonitorState = Static<typeof MonitorState>;

/** Checks a whole state before any of it is restored. Throws `INVALID_BASELINE` with the place and what was expected. */
export function checkState(
  value: unknown,
  hash: string,
  windowRows: number,
  channels: readonly Channel[],
): MonitorState {
  if (!Value.Check(MonitorState, value)) {
    const [first] = Value.Errors(MonitorState, value);
    throw invalid(`${first?.instancePath ?? ''}: ${first?.message ?? 'not a monitor state'}`);
  }
  if (value.baseline !== hash) throw invalid(`/baseline: expected ${hash}, got ${value.baseline}`);
  if (value.window_rows !== windowRows) throw invalid(`/window_rows: expected ${windowRows}, got ${value.window_rows}`);
  const shown = channels.filter(({ kind }) => kind !== 'conditional');
  checkTally(value.window, channels, '/window');
  checkTally(value.tested, channels, '/tested');
  for (const ring of ['minutes', 'hours'] as const) {
    value[ring].forEach(({ tally }, i) => {
      checkTally(tally, shown, `/${ring}/${i}/tally`);
    });
  }
  const columns = channels.filter(({ kind }) => kind === 'feature' || kind === 'output').length;
  value.guards?.guards.forEach(({ column }, i) => {
    if (column >= columns) throw invalid(`/guards/guards/${i}/column: expected less than ${columns}, got ${column}`);
  });
  checkLength(value.charts.shares, binTotal(channels), '/charts/shares');
  return value;
}

function checkTally(tally: RowCountsState, channels: readonly Channel[], place: string): void {
  const features = channels.filter(({ kind }) => kind === 'feature').length;
  const outputs = channels.filter(({ kind }) => kind === 'output').length;
  checkLength(Buffer.from(tally.counts, 'base64'), 4 * binTotal(channels), `${place}/counts`);
  checkLength(Buffer.from(tally.places, 'base64'), 16 * features, `${place}/places`);
  checkLength(tally.sums, features + outputs, `${place}/sums`);
}

function checkLength({ length }: ArrayLike<number>, expected: number, place: string): void {
  if (length !== expected) throw invalid(`${place}: expected a length of ${expected}, got ${length}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_BASELINE', `drift state: ${message}`);
}

import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { CoverageAlarm, describeCoverage } from './coverage-alarm.js';
import type { CoverageMonitor } from './coverage-monitor.js';
import type { CoverageWindow } from './coverage-window.js';

const ByLevel = Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }));

/** Windows of one size, which follow one another. */
const CoverageWindowReport = Type.Object({
  window_rows: Type.Integer(),
  filled_rows: Type.Integer({ description: 'labelled rows in the window that is being filled' }),
  ended_at: nullable(Type.Number(), {
    description: 'when the latest window was tested, in milliseconds since the epoch; null before the first',
  }),
  p_value: nullable(Type.Number(), {
    description: 'of coverage that is too low, in the latest window, corrected for the number of tests',
  }),
  threshold: Type.Number({ description: 'the p-value below which a window raises the alarm' }),
  design_effect: Type.Number({
    description: 'labelled rows that are worth one independent row, the maximum of all targets',
  }),
  targets: nullable(Type.Record(Type.String(), ByLevel), {
    description: 'coverage by level, in the latest window',
  }),
  words: Type.String({
    description: 'where the latest window has less or more coverage than chance explains; empty if nowhere',
  }),
});

/** Whether the intervals cover as many labelled rows as they say. */
export const CoverageReport = Type.Object({
  levels: Type.Array(Type.Number(), { description: 'the levels that are monitored' }),
  calibration_rows: Type.Integer({ description: 'rows that the intervals were made from' }),
  rows: Type.Integer({ description: 'labelled rows compared since the process started' }),
  windows: Type.Array(CoverageWindowReport, { description: 'the shortest first: it detects large changes early' }),
  alarm: nullable(CoverageAlarm, { description: 'the rows that raised the alarm; null without an alarm' }),
});
export type CoverageReport = Static<typeof CoverageReport>;

export function reportCoverage({
  windows,
  targets,
  calibrations,
  counters,
  evidence,
}: CoverageMonitor): CoverageReport {
  return {
    levels: calibrations.map(({ level }) => level),
    calibration_rows: calibrations[0]!.rows,
    rows: counters.rows,
    windows: windows.map((window) => reportWindow(window, targets)),
    alarm: evidence,
  };
}

function reportWindow(
  { size, filledRows, threshold, tested, designEffects }: CoverageWindow,
  targets: readonly string[],
): CoverageReport['windows'][number] {
  const ofTarget = (j: number) =>
    tested!.evidence.filter(({ target }) => target === j).map(({ level, coverage }) => [String(level), coverage]);
  return {
    window_rows: size,
    filled_rows: filledRows,
    ended_at: tested?.at ?? null,
    p_value: tested ? Math.exp(tested.logP) : null,
    threshold,
    design_effect: Math.max(...designEffects),
    targets: tested
      ? Object.fromEntries(targets.map((name, j) => [name, Object.fromEntries(ofTarget(j)) as Record<string, number>]))
      : null,
    words: tested ? describeCoverage(tested, threshold, targets).join('; ') : '',
  };
}

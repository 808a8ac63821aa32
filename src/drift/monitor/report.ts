import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import type { Charts } from '../counts/charts.js';
import type { RowCounts } from '../counts/row-counts.js';
import { GuardReport } from '../guards/guard-report.js';
import { type Channel, GROUPS, type Group } from '../rows/channels.js';
import { stabilityIndex } from '../window/divergence.js';
import { groupAlpha, type WindowTest } from '../window/window-test.js';
import { type Alarms, LatchState } from './alarms.js';
import { ColumnReport, reportColumn } from './column-report.js';

const Time = Type.Number({ description: 'milliseconds since the epoch' });

export const GroupReport = Type.Object({
  group: Type.Enum([...GROUPS]),
  ...LatchState.properties,
  p_value: nullable(
    Type.Number({
      description: 'of the latest window, corrected for the number of tests; null before the first window',
    }),
  ),
  threshold: Type.Number({ description: 'the p-value below which a window raises the alarm' }),
});
export type GroupReport = Static<typeof GroupReport>;

export const WindowReport = Type.Object({
  window: Type.Enum(['latest', 'hour', 'day'], {
    description: 'latest is the window that was tested last and can raise alarms; hour and day raise none',
  }),
  rows: Type.Number(),
  ended_at: nullable(Time),
  verdict: Type.Enum(['drift', 'no_drift', 'too_few_rows']),
  error_shift: nullable(
    Type.Number({ description: 'mean normal score of the errors less that of the baseline; null without rows' }),
  ),
  error_psi: Type.Number(),
  columns: Type.Array(ColumnReport, { description: 'features, the strongest evidence first, then predictions' }),
});
export type WindowReport = Static<typeof WindowReport>;

export const ChartReport = Type.Object({
  lambda: Type.Number({ description: 'weight of the newest row' }),
  histogram_limit: Type.Number(),
  error_limit: Type.Number(),
  error: Type.Number(),
  channels: Type.Array(Type.Object({ kind: Type.String(), name: Type.String(), deviate: Type.Number() })),
});
export type ChartReport = Static<typeof ChartReport>;

export const DriftReport = Type.Object({
  detected: Type.Boolean(),
  baseline: Type.Object({
    hash: Type.String(),
    rows: Type.Integer(),
    conditional: Type.Boolean({ description: 'whether it knows how features depend on each other' }),
  }),
  groups: Type.Array(GroupReport),
  windows: Type.Array(WindowReport),
  charts: ChartReport,
  guards: Type.Array(GuardReport, {
    description: 'features and predictions with rows out of range or missing in an alarm, or with implausible rows',
  }),
  design_effect: nullable(
    Type.Number({
      description:
        'rows that carry the information of one independent row, the maximum of all channels; null until estimated',
    }),
  ),
  window_rows: Type.Integer(),
  filled_rows: Type.Number({ description: 'rows in the window that is being filled' }),
  rows: Type.Number(),
  since: Time,
});
export type DriftReport = Static<typeof DriftReport>;

/** Reports one window. */
export function reportWindow(
  baseline: Baseline,
  window: WindowReport['window'],
  tally: RowCounts,
  test: WindowTest | undefined,
  endedAt: number | null,
): WindowReport {
  const channels = tally.channels;
  const error = channels.find(({ kind }) => kind === 'error')!;
  const columns = channels
    .filter(({ kind }) => kind === 'feature' || kind === 'output')
    .map((channel) => reportColumn(baseline, channel, tally, test));
  const features = columns.filter(({ kind }) => kind === 'feature').sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const drift = test?.groups.some(({ alarm }) => alarm);
  return {
    window,
    rows: tally.rows,
    ended_at: endedAt,
    verdict: test ? (drift ? 'drift' : 'no_drift') : 'too_few_rows',
    error_shift: tally.rows > 0 ? tally.scoreSum / tally.rows - baseline.error.mean_score : null,
    error_psi: stabilityIndex(tally.binsOf(error), error.bins.counts),
    columns: [...features, ...columns.filter(({ kind }) => kind === 'output')],
  };
}

/** Reports the groups that the baseline has. */
export function reportGroups(
  alarms: Alarms,
  test: WindowTest | undefined,
  present: readonly Group[],
  alpha: number,
): GroupReport[] {
  return present.map((group) => {
    const tested = test?.groups.find((one) => one.group === group);
    const threshold = tested?.threshold ?? groupAlpha(group, present, alpha);
    return { group, ...alarms.of(group), p_value: tested ? Math.exp(tested.logP) : null, threshold };
  });
}

/** Reports the charts' levels and limits. */
export function reportCharts(charts: Charts, channels: readonly Channel[], lambda: number): ChartReport {
  return {
    lambda,
    histogram_limit: charts.histogramLimit,
    error_limit: charts.errorLimit,
    error: charts.errorDeviate(),
    channels: channels.map(({ kind, name }, c) => ({ kind, name, deviate: charts.deviate(c) })),
  };
}

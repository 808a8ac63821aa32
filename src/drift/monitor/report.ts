import type { Baseline } from '../../model/baseline/baseline.js';
import type { Charts } from '../counts/charts.js';
import type { RowCounts } from '../counts/row-counts.js';
import type { Channel, Group } from '../rows/channels.js';
import { stabilityIndex } from '../window/divergence.js';
import { groupAlpha, testWindow, type WindowTest } from '../window/window-test.js';
import type { Alarms } from './alarms.js';
import { type ColumnReport, reportColumn } from './column-report.js';
import type { LatchState } from './latch.js';

export interface GroupReport extends LatchState {
  readonly group: Group;
  /** Of the latest tested window: the group's p-value, corrected for the number of its tests; null before the first. */
  readonly p_value: number | null;
  /** The p-value below which a window raises the alarm. */
  readonly threshold: number;
}

export interface WindowReport {
  /** `latest`: the window that was tested last and decides; `hour` and `day` are shown, and decide nothing. */
  readonly window: 'latest' | 'hour' | 'day';
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly ended_at: number | null;
  readonly verdict: 'drift' | 'no_drift' | 'too_few_rows';
  /** Mean normal score of the errors less the baseline's: 0 without drift. Null without rows. */
  readonly error_shift: number | null;
  readonly error_psi: number;
  /** Features by evidence, the strongest first, then predictions. */
  readonly columns: readonly ColumnReport[];
}

export interface ChartReport {
  /** Rows that a chart is worth. */
  readonly lambda: number;
  readonly histogram_limit: number;
  readonly error_limit: number;
  readonly error: number;
  readonly channels: readonly { readonly kind: Channel['kind']; readonly name: string; readonly deviate: number }[];
}

export interface DriftReport {
  readonly detected: boolean;
  readonly baseline: { readonly hash: string; readonly rows: number; readonly conditional: boolean };
  readonly groups: readonly GroupReport[];
  readonly windows: readonly WindowReport[];
  readonly charts: ChartReport;
  /** Rows that one independent row is worth: the largest over channels; null until enough rows were seen to tell. */
  readonly design_effect: number | null;
  readonly window_rows: number;
  /** Rows in the window that is being filled. */
  readonly filled_rows: number;
  readonly rows: number;
  readonly since: number;
}

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

/** Tests and reports a window that decides nothing. */
export function reportSpan(
  baseline: Baseline,
  window: 'hour' | 'day',
  tally: RowCounts,
  alpha: number,
  designEffects: Float64Array,
  now: number,
): WindowReport {
  return reportWindow(baseline, window, tally, testWindow(baseline, tally, alpha, designEffects), now);
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

/** Reports where the charts stand. */
export function reportCharts(charts: Charts, channels: readonly Channel[], lambda: number): ChartReport {
  return {
    lambda,
    histogram_limit: charts.histogramLimit,
    error_limit: charts.errorLimit,
    error: charts.errorDeviate(),
    channels: channels.map(({ kind, name }, c) => ({ kind, name, deviate: charts.deviate(c) })),
  };
}

import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { finish, type Steps } from '../../base/steps.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import type { RecentSample } from '../changes/changed-rows.js';
import { ReferenceDistribution } from '../changes/reference-distribution.js';
import type { Charts } from '../counts/charts.js';
import type { RowCounts } from '../counts/row-counts.js';
import { DependenceReport } from '../dependence/dependence-report.js';
import { GuardReport } from '../guards/guard-report.js';
import { type Channel, GROUPS, type Group } from '../rows/channels.js';
import { dependenceChange } from '../window/dependence-change.js';
import { stabilityIndex } from '../window/divergence.js';
import { groupAlpha, type WindowTest } from '../window/window-test.js';
import { AlarmEvidence } from './alarm-evidence.js';
import { type Alarms, LatchState } from './alarms.js';
import { ColumnReport, type Measured, reportColumn } from './column-report.js';
import { isSupported, rankOf } from './ranking.js';

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
  evidence: nullable(AlarmEvidence, {
    description:
      'what the latest alarm was raised on: read this first; null before the first alarm, and for prediction_error, whose alarm is in `prediction_error.comparison`',
  }),
});
export type GroupReport = Static<typeof GroupReport>;

export const WindowReport = Type.Object(
  {
    window: Type.Enum(['latest', 'hour', 'day'], {
      description: 'latest is the window that was tested last and can raise alarms; hour and day raise none',
    }),
    rows: Type.Number(),
    ended_at: nullable(Time),
    verdict: Type.Enum(['drift', 'no_drift', 'cannot_tell', 'too_few_rows'], {
      description: '`cannot_tell`: no drift where it can be distinguished from the order of the rows; see `dependence`',
    }),
    error_shift: nullable(
      Type.Number({ description: 'mean normal score of the errors less that of the baseline; null without rows' }),
    ),
    error_psi: Type.Number(),
    columns: Type.Array(ColumnReport, { description: 'features, the likeliest cause first, then predictions' }),
  },
  { 'x-schema': 'DriftWindow' },
);
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
  dependence: DependenceReport,
  window_rows: Type.Integer(),
  filled_rows: Type.Number({ description: 'rows in the window that is being filled' }),
  rows: Type.Number(),
  since: Time,
});
export type DriftReport = Static<typeof DriftReport>;

/** Columns whose values are looked at: a few milliseconds in all. */
const MEASURED = 20;

/**
 * Reports one window. `allTell`: whether no channel was left out because of the order of the rows. `sample`: its latest rows, if
 * they are at hand.
 */
export function reportWindow(
  baseline: Baseline,
  window: WindowReport['window'],
  tally: RowCounts,
  test: WindowTest | undefined,
  endedAt: number | null,
  allTell: boolean,
  sample?: RecentSample,
): WindowReport {
  const error = tally.channels.find(({ kind }) => kind === 'error')!;
  const drift = test?.groups.some(({ alarm }) => alarm);
  return {
    window,
    rows: tally.rows,
    ended_at: endedAt,
    verdict: test ? (drift ? 'drift' : allTell ? 'no_drift' : 'cannot_tell') : 'too_few_rows',
    error_shift: errorShift(baseline, tally),
    error_psi: stabilityIndex(tally.binsOf(error), error.bins.counts),
    columns: finish(reportColumns(baseline, tally, test, sample)),
  };
}

/** The mean normal score of the errors less that of the baseline; null without rows. */
export function errorShift(baseline: Baseline, tally: RowCounts): number | null {
  return tally.rows > 0 ? tally.scoreSum / tally.rows - baseline.error.mean_score : null;
}

/** How the columns of an alarm are reported. */
interface OfAlarm {
  /** The feature that comes first, whatever its rank. */
  readonly first?: string | undefined;
  /** Whether the first is described on less evidence than others, because it is the cause. */
  readonly isCause: boolean;
}

/**
 * Reports the features, the likeliest cause first, then the outputs. With `sample`, the first are described by their values. In
 * steps.
 */
export function* reportColumns(
  baseline: Baseline,
  tally: RowCounts,
  test: WindowTest | undefined,
  sample?: RecentSample,
  { first, isCause: hasCause }: OfAlarm = { isCause: false },
): Steps<ColumnReport[]> {
  const { channels } = tally;
  const { conditional, features } = baseline;
  const dependence = sample && conditional ? dependenceChange(sample.scores, sample.count, conditional) : undefined;
  const own = channels.filter(({ kind }) => kind === 'feature');
  const supported = features.some(({ watched }) => watched)
    ? own.filter((channel) => isSupported(channel, channels, test))
    : [];
  const ranked = own
    .map((channel) => {
      const isBeside = supported.length > 0 && !supported.includes(channel);
      return { channel, rank: isBeside ? -1 : rankOf(channel, channels, test, dependence) };
    })
    .sort((a, b) => b.rank - a.rank);
  const named = ranked.findIndex(({ channel }) => channel.name === first);
  if (named > 0) ranked.unshift(...ranked.splice(named, 1));
  const outputs = channels.filter(({ kind }) => kind === 'output');
  const measure = ({ kind, index }: Channel, isCause: boolean): Measured => {
    if (!sample) return { isCause };
    const column = kind === 'feature' ? features[index]! : baseline.outputs[index]!;
    const values = sample.columns[kind === 'feature' ? index : features.length + index]!;
    const latest = values.filter((value) => !Number.isNaN(value));
    const relation = kind === 'feature' ? dependence?.relation(index) : undefined;
    return {
      isCause,
      values: { latest, sorted: latest.toSorted(), rows: sample.count, reference: new ReferenceDistribution(column) },
      relation: relation && {
        ...relation,
        name: features[relation.index]!.name,
        shift: isCause ? dependence!.shifts[index]! : 0,
      },
    };
  };
  const columns: ColumnReport[] = [];
  for (const [i, { channel }] of ranked.entries()) {
    yield;
    const isCause = hasCause && i === 0;
    const measured = i < MEASURED ? measure(channel, isCause) : { isCause };
    columns.push(reportColumn(baseline, channel, tally, test, measured));
  }
  for (const [i, channel] of outputs.entries()) {
    yield;
    columns.push(reportColumn(baseline, channel, tally, test, i < MEASURED ? measure(channel, false) : {}));
  }
  return columns;
}

/** Reports the groups that the baseline has. */
export function reportGroups(
  alarms: Alarms,
  test: WindowTest | undefined,
  present: readonly Group[],
  alpha: number,
  evidence: ReadonlyMap<Group, AlarmEvidence>,
): GroupReport[] {
  return present.map((group) => {
    const tested = test?.groups.find((one) => one.group === group);
    const threshold = tested?.threshold ?? groupAlpha(group, present, alpha);
    return {
      group,
      ...alarms.of(group),
      p_value: tested ? Math.exp(tested.logP) : null,
      threshold,
      evidence: evidence.get(group) ?? null,
    };
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

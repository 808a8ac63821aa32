import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { chiSquareQuantile } from '../../base/statistics/chi-square.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { levelsOf } from '../../model/baseline/features/watched.js';
import { sumOf } from '../../model/baseline/sketches/bins.js';
import { describe, type Relation, type Values } from '../changes/describe-change.js';
import type { RowCounts } from '../counts/row-counts.js';
import type { Channel } from '../rows/channels.js';
import { ABOVE, BELOW, MISSING } from '../rows/row-reader.js';
import { jensenShannon, stabilityIndex } from '../window/divergence.js';
import type { Evidence, WindowTest } from '../window/window-test.js';

/** A feature or a prediction in a window. */
export const ColumnReport = Type.Object(
  {
    name: Type.String(),
    kind: Type.Enum(['feature', 'output']),
    type: Type.Optional(
      Type.Enum(['number', 'category', 'boolean', 'timestamp'], {
        description:
          'a timestamp is followed by its cycles, such as `when (weekday)`, which are timestamps too; alarms of earlier releases have none',
      }),
    ),
    detected: Type.Boolean({ description: "whether one of its tests raised its group's alarm" }),
    score: nullable(Type.Number({ description: '-log10 p of the strongest test; null without a verdict' })),
    threshold: nullable(Type.Number({ description: 'the score at which that test raises an alarm' })),
    p_value: nullable(Type.Number()),
    words: Type.String({ description: 'what changed; empty if no change is known' }),
    psi: Type.Number({ description: 'population stability index less its expectation without drift' }),
    psi_critical: Type.Number({ description: 'psi that 1 % of windows without drift exceed' }),
    jensen_shannon: Type.Number(),
    mean_shift: nullable(
      Type.Number({
        description: "in the baseline's standard deviations; null for a constant column or without rows",
      }),
    ),
    below_range: Type.Number({ description: 'share of rows' }),
    above_range: Type.Number({ description: 'share of rows' }),
    missing: Type.Number({ description: 'share of rows' }),
    new_level: Type.Optional(
      Type.Number({ description: 'share of rows with a level that the training did not have; of a category only' }),
    ),
    edges: Type.Array(Type.Number(), {
      description: 'upper edges of the bins; empty for levels, whose bins `levels` names',
    }),
    levels: Type.Optional(
      Type.Array(Type.String(), {
        description: 'the name of each bin of a category, a boolean or the days of the week',
      }),
    ),
    reference: Type.Array(Type.Number(), { description: 'rows per bin of the baseline' }),
    recent: Type.Array(Type.Number(), { description: 'rows per bin of the window' }),
  },
  { 'x-schema': 'DriftColumn' },
);
export type ColumnReport = Static<typeof ColumnReport>;

/** ln of the p-value of a test that says something about the cause of an alarm. */
const CAUSE_LOG_P = Math.log(0.003);

/** What is known of a column beyond its counts. */
export interface Measured {
  readonly values?: Values | undefined;
  readonly relation?: Relation | undefined;
  /** True for the likeliest cause of an alarm, of which less evidence is enough for a description. */
  readonly isCause?: boolean;
}

/** Reports the feature or output `channel` of a window, including the evidence of its conditional residual if it has one. */
export function reportColumn(
  baseline: Baseline,
  channel: Channel,
  tally: RowCounts,
  test: WindowTest | undefined,
  { values, relation, isCause = false }: Measured = {},
): ColumnReport {
  const { name, index, bins } = channel;
  const isFeature = channel.kind === 'feature';
  const column = isFeature ? baseline.features[index]! : baseline.outputs[index]!;
  const recent = tally.binsOf(channel);
  const n = sumOf(recent);
  const m = sumOf(bins.counts);
  const share = (place: number) => (isFeature && tally.rows > 0 ? tally.placed(index, place) / tally.rows : 0);
  const meanShift =
    n > 0 && column.deviation > 0 ? tally.sums[isFeature ? index : baseline.features.length + index]! / n : null;

  const own = test?.evidence.filter((one) => concerns(one, channel, tally.channels)) ?? [];
  const strongest = own.reduce<Evidence | undefined>(
    (best, one) => (best && best.logP <= one.logP ? best : one),
    undefined,
  );
  const alarmed = own.filter((one) => one.matters && one.logP < levelOf(one, test!));
  // The cause has been found among all columns already, and its tests are not many.
  const supported = isCause ? own.filter(({ logP }) => logP < CAUSE_LOG_P) : alarmed;
  const has = (group: Evidence['group'], kind: Evidence['test']) =>
    supported.some((one) => one.group === group && one.test === kind);
  const watched = isFeature ? baseline.features[index]!.watched : undefined;
  const isCategory = watched?.type === 'category';
  const missingRows = isFeature ? baseline.features[index]!.missing : 0;
  const findings = {
    window: recent,
    levels: channel.levels && {
      all: levelsOf(baseline.features[index]!)!,
      bins: channel.levels,
      canBeNew: isCategory,
    },
    cycle: watched?.type === 'timestamp' ? watched.cycle : undefined,
    usuallyMissing: missingRows / baseline.rows,
    baseline: bins.counts,
    edges: bins.edges,
    values,
    relation,
    below: share(BELOW),
    above: share(ABOVE),
    missing: share(MISSING),
    meanShift: meanShift ?? 0,
    alarms: {
      bins: has('features', 'bins'),
      range: has('guards', 'range'),
      missing: has('guards', 'missing'),
      conditional: has('conditional', 'bins') || (isCause && supported.length === 0 && relation !== undefined),
    },
  };
  return {
    name,
    kind: isFeature ? 'feature' : 'output',
    type: watched?.type ?? 'number',
    detected: alarmed.length > 0,
    score: strongest ? -strongest.logP / Math.LN10 : null,
    threshold: strongest ? -levelOf(strongest, test!) / Math.LN10 : null,
    p_value: strongest ? Math.exp(strongest.logP) : null,
    words: describe(findings),
    psi: stabilityIndex(recent, bins.counts),
    psi_critical: n > 0 && m > 0 ? criticalIndex(bins.counts.length, n, m) : 0,
    jensen_shannon: jensenShannon(recent, bins.counts),
    mean_shift: meanShift,
    below_range: findings.below,
    above_range: isCategory ? 0 : findings.above,
    missing: findings.missing,
    ...(isCategory && { new_level: findings.above }),
    edges: channel.levels ? [] : bins.edges,
    ...(channel.levels && { levels: [...channel.levels] }),
    reference: bins.counts,
    recent,
  };
}

/** Returns whether a test concerns the column: its bins, its guards, or its conditional residual. */
function concerns(one: Evidence, { kind, index }: Channel, channels: readonly Channel[]): boolean {
  const tested = channels[one.channel]!;
  if (kind === 'output') return tested.kind === 'output' && tested.index === index;
  return (tested.kind === 'feature' || tested.kind === 'conditional') && tested.index === index;
}

/** ln of the p-value below which a test raises its group's alarm. */
function levelOf(one: Evidence, test: WindowTest): number {
  const { threshold, tests } = test.groups.find(({ group }) => group === one.group)!;
  return Math.log(threshold / tests);
}

/** The corrected stability index that 1 % of windows without drift exceed: `n` rows against `m`. */
export function criticalIndex(bins: number, n: number, m: number): number {
  if (bins < 2) return 0;
  return (chiSquareQuantile(0.01, bins - 1) - (bins - 1)) * (1 / n + 1 / m);
}

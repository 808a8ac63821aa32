import type { Baseline, OutputColumn } from '../../model/baseline/baseline.js';
import type { FeatureColumn } from '../../model/baseline/feature-column.js';
import { isCycle, type WatchedTime } from '../../model/baseline/watched.js';
import type { Channel } from '../rows/channels.js';
import { outputRange } from '../rows/output-range.js';
import { type ColumnRange, columnRange, MAX_EXPONENT } from './column-range.js';

/** A feature or an output with guards. */
export interface GuardedColumn {
  readonly kind: 'feature' | 'output';
  readonly name: string;
  /** The index of its channel. */
  readonly channel: number;
  /** Values outside are events. */
  readonly min: number;
  readonly max: number;
  /** What the rarity of a value is measured by: for an output, the held-out predictions and all targets of the training. */
  readonly range: ColumnRange;
  /** Rows of the baseline with and without a value. */
  readonly rows: number;
  readonly missing: number;
  /** Rows of the baseline outside, of a column with levels: those that the training did not have. Other columns have none. */
  readonly unseen?: number | undefined;
  /** A timestamp, whose values outside are implausible; null for others. */
  readonly time: WatchedTime | null;
  /** A cycle has no guard of its own. */
  readonly isCycle: boolean;
}

/** Beyond the limits of a timestamp, every value is implausible; a level is never far out. */
const NOT_FAR = { reach: Number.POSITIVE_INFINITY, index: 1, exponent: MAX_EXPONENT };
const FAR = { reach: Number.MIN_VALUE, index: 1, exponent: MAX_EXPONENT };

function rangeOf({ min, max, grid, watched, missing }: FeatureColumn, rows: number): ColumnRange {
  if (!watched && missing < rows) return columnRange(grid, rows - missing);
  const side = watched?.type === 'timestamp' ? FAR : NOT_FAR;
  return { min, max, median: grid.values[0]!, below: side, above: side };
}

/** The features of a baseline, then its outputs. */
export function guardedColumns(baseline: Baseline, channels: readonly Channel[]): GuardedColumn[] {
  const { rows, features, outputs } = baseline;
  const channelOf = (kind: Channel['kind'], j: number) =>
    channels.findIndex((channel) => channel.kind === kind && channel.index === j);
  const inputs = features.map((feature, j): GuardedColumn => {
    const { name, missing, watched, bins } = feature;
    const present = rows - missing;
    const range = rangeOf(feature, rows);
    const { min, max } = range;
    const channel = channelOf('feature', j);
    const time = watched?.type === 'timestamp' ? watched : null;
    const unseen = watched && !time ? (watched.type === 'category' ? bins.counts.at(-1)! : 0) : undefined;
    return {
      ...{ kind: 'feature', name, channel, min, max, range, rows: present, missing },
      ...{ unseen, time, isCycle: isCycle(feature) },
    };
  });
  // A network extrapolates: its predictions have tails as heavy as those of its inputs.
  const exponent = Math.min(...inputs.flatMap(({ range: { below, above } }) => [below.exponent, above.exponent]));
  return [
    ...inputs,
    ...outputs.map(
      (column, j): GuardedColumn => ({
        kind: 'output',
        name: column.name,
        channel: channelOf('output', j),
        ...rangesOf(column, rows, exponent),
        rows,
        missing: 0,
        time: null,
        isCycle: false,
      }),
    ),
  ];
}

/** The range of an output's held-out predictions, and the range of these and of all targets of the training. */
function rangesOf(column: OutputColumn, rows: number, exponent: number) {
  const own = outputRange(column);
  const { grid, targets, mean } = column;
  const side = (reach: number) => ({ reach, index: 1 / exponent, exponent });
  const { median, below, above } = grid
    ? columnRange(grid, rows)
    : { median: mean, below: side(mean - own.min), above: side(own.max - mean) };
  const min = Math.min(own.min, targets?.min ?? median);
  const max = Math.max(own.max, targets?.max ?? median);
  const range: ColumnRange = {
    ...{ min, max, median },
    below: { ...below, reach: Math.max(below.reach, median - min), exponent: Math.min(below.exponent, exponent) },
    above: { ...above, reach: Math.max(above.reach, max - median), exponent: Math.min(above.exponent, exponent) },
  };
  return { ...own, range };
}

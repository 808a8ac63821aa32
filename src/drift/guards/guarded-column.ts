import type { Baseline, OutputColumn } from '../../model/baseline/baseline.js';
import type { FeatureColumn } from '../../model/baseline/features/feature-column.js';
import { isCycle, type WatchedTime } from '../../model/baseline/features/watched.js';
import type { Channel } from '../rows/channels.js';
import { outputRange } from '../rows/output-range.js';
import { type ColumnRange, columnRange, MAX_EXPONENT } from './column-range.js';

/** A value is implausible if the tail of the held-out rows has fewer than one such value in this many rows. */
export const PLAUSIBLE_ROWS = 1e6;
/** A prediction that leaves the range of all predictions and targets by this many widths is implausible. */
export const IMPLAUSIBLE_RANGES = 3;
/**
 * One prediction this many widths out raises the alarm, whatever the inputs. Networks extrapolate: a few quiet rows of California
 * housing, with an AveOccup far out, are predicted 4 to 10 widths out.
 */
const MAX_FAR_RANGES = 10;
/** Predictions are taken to go this many times as far out as the input with the heaviest tail: several inputs add up. */
const EXTRAPOLATION = 2;

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
  /** Widths out of the range from which one prediction raises the alarm, see `farRanges`; infinite for a feature. */
  readonly far: number;
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

/** The parts of a baseline that guards compare with. */
export type GuardedBaseline = Pick<Baseline, 'rows' | 'features' | 'outputs'>;

/** The features of a baseline, then its outputs. */
export function guardedColumns(baseline: GuardedBaseline, channels: readonly Channel[]): GuardedColumn[] {
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
      ...{ kind: 'feature', name, channel, min, max, range, far: Number.POSITIVE_INFINITY, rows: present, missing },
      ...{ unseen, time, isCycle: isCycle(feature) },
    };
  });
  // A network extrapolates: its predictions have tails as heavy as those of its inputs.
  const sides = inputs.flatMap(({ range: { below, above } }) => [below, above]);
  const exponent = Math.min(...sides.map((side) => side.exponent));
  const index = Math.max(...sides.map((side) => side.index));
  return [
    ...inputs,
    ...outputs.map((column, j): GuardedColumn => {
      const { min, max, range } = rangesOf(column, rows, exponent);
      const far = column.targets ? farRanges(range, rows, index) : MAX_FAR_RANGES;
      const channel = channelOf('output', j);
      return {
        ...{ kind: 'output', name: column.name, channel, min, max, range, far, rows, missing: 0 },
        ...{ time: null, isCycle: false },
      };
    }),
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

/**
 * The widths out of its range that a prediction does not reach by extrapolation, from 3 to 10: twice as far as an input goes in one
 * of a million rows, by the heaviest tail of all inputs. `index`: of that tail.
 */
function farRanges({ min, max, below, above }: ColumnRange, rows: number, index: number): number {
  const width = max - min;
  if (!(width > 0)) return MAX_FAR_RANGES;
  const reaches = Math.max(1, PLAUSIBLE_ROWS / rows) ** index;
  const widths = (EXTRAPOLATION * (reaches - 1) * Math.max(below.reach, above.reach)) / width;
  return Math.min(MAX_FAR_RANGES, Math.max(IMPLAUSIBLE_RANGES, widths));
}

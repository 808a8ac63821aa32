import type { Baseline, OutputColumn } from '../../model/baseline/baseline.js';
import type { Channel } from '../rows/channels.js';
import { outputRange } from '../rows/output-range.js';
import { type ColumnRange, columnRange } from './column-range.js';

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
}

/** The features of a baseline, then its outputs. */
export function guardedColumns(baseline: Baseline, channels: readonly Channel[]): GuardedColumn[] {
  const { rows, features, outputs } = baseline;
  const channelOf = (kind: Channel['kind'], j: number) =>
    channels.findIndex((channel) => channel.kind === kind && channel.index === j);
  const inputs = features.map(({ name, grid, missing }, j): GuardedColumn => {
    const present = rows - missing;
    const range = columnRange(grid, present);
    const { min, max } = range;
    return { kind: 'feature', name, channel: channelOf('feature', j), min, max, range, rows: present, missing };
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

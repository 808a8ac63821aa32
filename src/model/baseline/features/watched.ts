import { type Static, Type } from 'typebox';
import { type Column, MAX_LEVELS, type TimestampColumn, TimeUnit } from '../../columns/column.js';
import type { Bins } from '../sketches/bins.js';
import { CYCLES, type Cycle, cycleOf, effectivePeriods, MIN_PERIODS, WEEKDAYS } from './cycles.js';

/** The levels of a category or boolean, in the order in which they are watched. */
const WatchedLevels = Type.Object({
  type: Type.Enum(['category', 'boolean']),
  levels: Type.Array(Type.String(), { minItems: 1, maxItems: MAX_LEVELS, description: 'frequent ones first' }),
  codes: Type.Array(Type.Integer({ minimum: 0 }), { description: 'the code of each level in a row of the model' }),
});
export type WatchedLevels = Static<typeof WatchedLevels>;

/** A timestamp itself, or where it is in a cycle. */
const WatchedTime = Type.Object({
  type: Type.Literal('timestamp'),
  feature: Type.String({ description: 'the name of the timestamp' }),
  cycle: Type.Union([Type.Enum([...CYCLES]), Type.Null()], { description: 'null for the timestamp itself' }),
  unit: TimeUnit,
  origin: Type.Integer({ description: 'what code 0 stands for, in milliseconds since 1970, UTC' }),
});
export type WatchedTime = Static<typeof WatchedTime>;

/** What is watched of a column that does not hold numbers. */
export const Watched = Type.Union([WatchedLevels, WatchedTime]);
export type Watched = Static<typeof Watched>;

/** A feature that is watched: a column as it is, its levels, or a timestamp or one of its cycles. */
export interface WatchedFeature {
  readonly name: string;
  readonly watched?: Watched;
}

/**
 * Decides what is watched of the columns of `rows` `[count, columns]`, in their order. Levels are watched by their position in
 * `levelOrder`, which returns the codes of a column's levels in an order that says something. A timestamp is watched as a time, of which only implausible ones count, and by each cycle
 * that its rows go through often enough.
 */
export function watch(
  columns: readonly Column[],
  rows: Float32Array,
  levelOrder: (j: number, levels: number) => number[],
): WatchedFeature[] {
  const watchOne = (column: Column, j: number): WatchedFeature[] => {
    const { name } = column;
    switch (column.type) {
      case 'number':
        return [{ name }];
      case 'category':
        return [{ name, watched: watchedLevels('category', column.levels, levelOrder(j, column.levels.length)) }];
      case 'boolean':
        return [{ name, watched: watchedLevels('boolean', column.labels, levelOrder(j, 2)) }];
      case 'timestamp':
        return watchedTimes(column, rows, columns.length, j);
    }
  };
  return columns.flatMap(watchOne);
}

function watchedLevels(type: WatchedLevels['type'], levels: readonly string[], codes: number[]): Watched {
  return { type, levels: codes.map((code) => levels[code]!), codes };
}

function watchedTimes(column: TimestampColumn, rows: Float32Array, width: number, j: number): WatchedFeature[] {
  const { name, unit, origin } = column;
  const time = (cycle: Cycle | null): WatchedTime => ({ type: 'timestamp', feature: name, cycle, unit, origin });
  const isWatched = (cycle: Cycle) => {
    // The time of day of dates is always midnight.
    if (cycle === 'time_of_day' && unit === 'day') return false;
    const periods = new Map<number, number>();
    const { period } = cycleOf({ cycle, unit, origin });
    for (let at = j; at < rows.length; at += width) {
      if (Number.isNaN(rows[at]!)) continue;
      const number = period(rows[at]!);
      periods.set(number, (periods.get(number) ?? 0) + 1);
    }
    return effectivePeriods(periods) >= MIN_PERIODS;
  };
  const cycles = CYCLES.filter(isWatched);
  return [
    { name, watched: time(null) },
    ...cycles.map((cycle) => ({ name: `${name} (${cycle.replaceAll('_', ' ')})`, watched: time(cycle) })),
  ];
}

/** Whether a feature is a cycle of a timestamp. */
export function isCycle({ watched }: WatchedFeature): boolean {
  return watched?.type === 'timestamp' && watched.cycle !== null;
}

/** The names of a feature's levels, which have no order; undefined if it does not have levels. */
export function levelsOf({ watched }: WatchedFeature): readonly string[] | undefined {
  if (!watched) return undefined;
  if (watched.type !== 'timestamp') return watched.levels;
  return watched.cycle === 'weekday' ? WEEKDAYS : undefined;
}

/** The name of each bin of a feature with levels: its level, the levels that share it, or those that the training did not have. */
export function binLevels({ bins, ...feature }: WatchedFeature & { bins: Bins }): string[] | undefined {
  const levels = levelsOf(feature);
  return (
    levels &&
    bins.counts.map((_, k) =>
      binName(levels.slice((bins.edges[k - 1] ?? -1) + 1, (bins.edges[k] ?? levels.length) + 1)),
    )
  );
}

function binName(levels: readonly string[]): string {
  return levels.length === 0 ? 'new level' : levels.length === 1 ? levels[0]! : `${levels.length} others`;
}

/** The names of the columns that features are watched of, in their order. */
export function columnNames(features: readonly WatchedFeature[]): string[] {
  return features.filter((feature) => !isCycle(feature)).map(({ name }) => name);
}

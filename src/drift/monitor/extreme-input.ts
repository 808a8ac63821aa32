import type { RecentRows } from '../counts/recent-rows.js';
import { likelyRarity, rangesAway } from '../guards/column-range.js';
import { isFar } from '../guards/far-values.js';
import { describeRange } from '../guards/guard-report.js';
import type { GuardedColumn } from '../guards/guarded-column.js';
import type { Cause } from './alarms.js';

/** A feature that explains an extreme row, and its value there in words. */
export interface ExtremeInput {
  readonly name: string;
  readonly words: string;
}

/**
 * Finds the feature that explains why a chart of predictions or errors has raised an alarm: in the row with the most extreme
 * prediction, or the largest error, of the latest `count`, the one whose value is furthest out of its range. A few such rows move no
 * distribution. A row with a large error may be out of range by chance, unless its value is far. `columns`: the guarded ones.
 * Undefined if there is no such value, or for another cause.
 */
export function extremeInput(
  { kind }: Cause,
  recent: RecentRows,
  count: number,
  columns: readonly GuardedColumn[],
): ExtremeInput | undefined {
  if (kind !== 'output' && kind !== 'error') return undefined;
  const features = columns.filter((column) => column.kind === 'feature');
  const outputs = columns.filter((column) => column.kind === 'output');
  const extremity = (position: number) =>
    kind === 'error'
      ? recent.errors[position]!
      : Math.max(...outputs.map(({ range }, j) => rangesAway(range, recent.outputs[position * outputs.length + j]!)));
  let extreme = recent.position(0);
  for (let age = 1; age < count; age++) {
    if (extremity(recent.position(age)) > extremity(extreme)) extreme = recent.position(age);
  }
  if (kind === 'output' && !(extremity(extreme) > 0)) return undefined;
  let found: { column: GuardedColumn; value: number; rarity: number } | undefined;
  for (const [j, column] of features.entries()) {
    const value = recent.rows[extreme * features.length + j]!;
    const isOut = !column.isCycle && (value < column.min || value > column.max);
    if (!isOut || (kind === 'error' && !column.time && !isFar(column, value))) continue;
    const rarity = likelyRarity(column.range, value);
    if (!found || rarity > found.rarity) found = { column, value, rarity };
  }
  return found && { name: found.column.name, words: describeRange(found.column, found.value, 1, 0) };
}

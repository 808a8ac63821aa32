import type { Baseline } from '../../model/baseline/baseline.js';
import { textOfTime } from '../../model/columns/coding.js';
import { percent } from './words.js';

/** Share of rows beyond the held-out ones from which on a trend that the model follows matters. */
const MANY = 0.2;

/**
 * Describes the timestamp of which most rows lie before or after all held-out rows. The rows themselves have not drifted, but a
 * model that follows a trend knows none there: it predicts what it does at the end, and versions of earlier releases go on in a
 * line. Both change its predictions and errors. `columns` `[features][rows]`. Undefined if there is no such timestamp.
 */
export function timeBeyond(
  { features }: Baseline,
  columns: readonly Float64Array[],
): { readonly name: string; readonly words: string } | undefined {
  let most: { name: string; share: number; words: string } | undefined;
  features.forEach(({ name, watched, grid, bins }, j) => {
    if (watched?.type !== 'timestamp' || watched.cycle !== null || bins.counts[0] === 0) return;
    const rows = columns[j]!;
    const [first, last] = [grid.values[0]!, grid.values.at(-1)!];
    const after = rows.reduce((sum, code) => sum + Number(code > last), 0) / Math.max(1, rows.length);
    const before = rows.reduce((sum, code) => sum + Number(code < first), 0) / Math.max(1, rows.length);
    const share = Math.max(after, before);
    if (share < MANY || share <= (most?.share ?? 0)) return;
    const end = textOfTime(watched, after >= before ? last : first);
    const words = `${percent(share)} of rows are ${after >= before ? 'later' : 'earlier'} than all held-out ones (${end}): the model knows no trend there`;
    most = { name, share, words };
  });
  return most;
}

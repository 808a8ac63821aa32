import { contentHashes } from '../split.js';
import type { SharedTable } from './shared-table.js';

/** A part of some rows, by number: those to predict, and the others, to train on. */
export interface Fold {
  readonly judged: Int32Array;
  readonly training: Int32Array;
}

/**
 * Divides the rows `index` of a table into `count` folds of nearly equal size. As in `splitRows`, the content of the rows decides, and
 * equal rows are in the same fold: a row would otherwise be judged by a model that was trained on its copy. So there may be fewer
 * folds than `count`; none is empty, and none has no rows to train on.
 */
export function foldsOf(table: SharedTable, index: Int32Array, count: number): Fold[] {
  // Not the hashes of `splitRows` themselves: of the training rows of a fold, it holds out those with the smallest ones.
  const hashes = contentHashes(table, table.columns).map((hash) => Math.imul(hash ^ 0x5bd1e995, 0x9e3779b1));
  const order = index.slice().sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  const folds: Fold[] = [];
  for (let start = 0, fold = 1; fold <= count; fold++) {
    let end = Math.round((fold * order.length) / count);
    while (end > start && end < order.length && hashes[order[end]!] === hashes[order[end - 1]!]) end++;
    if (end <= start || end - start === order.length) continue;
    const training = new Int32Array(order.length - (end - start));
    training.set(order.subarray(0, start));
    training.set(order.subarray(end), start);
    folds.push({ judged: order.slice(start, end), training });
    start = end;
  }
  return folds;
}

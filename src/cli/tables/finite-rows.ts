import { show } from '../../base/domain-error.js';
import type { PredictedRows } from './predicted-rows.js';
import type { RefusedRow } from './row-blocks.js';

/** Returns the rows with finite predictions, in place. `refuse` is called with each other row, and may throw. */
export function finiteRows(
  rows: PredictedRows,
  targets: readonly string[],
  refuse: (row: RefusedRow) => void,
): PredictedRows {
  const { count, numbers, outputs, errors, bounds } = rows;
  const width = targets.length;
  let kept = 0;
  for (let row = 0; row < count; row++) {
    const at = row * width;
    let j = 0;
    while (j < width && Number.isFinite(outputs[at + j]!)) j++;
    if (j < width || !Number.isFinite(errors[row]!)) {
      const what = j < width ? show(targets[j]) : 'the reconstruction error';
      const reason = `row ${numbers[row]}: float32 cannot hold ${what}; a value of the row is far beyond those of the training`;
      refuse({ row: numbers[row]!, reason });
      continue;
    }
    if (kept !== row) {
      numbers[kept] = numbers[row]!;
      for (const matrix of bounds ? [outputs, bounds.low, bounds.high] : [outputs]) {
        matrix.copyWithin(kept * width, at, at + width);
      }
      errors[kept] = errors[row]!;
    }
    kept++;
  }
  return { count: kept, numbers, outputs, errors, bounds };
}

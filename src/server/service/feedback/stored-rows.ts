import type { AddedBatch, Answer, LabelledBatch } from '../../../model/feedback/labelled-batch.js';

/** Rows that were stored, and what the model that served then had predicted. */
export interface StoredRows extends Pick<LabelledBatch, 'rows' | 'features' | 'targets' | 'outputs'> {
  /** `[rows, targets]`: the intervals that cover the true values, as `coveredLevels`; undefined for a model without intervals. */
  readonly covered: Uint8Array | undefined;
}

/** Returns the rows that a batch has added: all, but for those of predictions that another request has answered. */
export function storedRows(
  batch: LabelledBatch & Pick<StoredRows, 'covered'>,
  answers: readonly Answer[] | undefined,
  { outcomes, isRepeated }: AddedBatch,
): StoredRows {
  if (!isRepeated && outcomes.every((outcome) => outcome === 'stored')) return batch;
  let at = 0;
  const stored = (answers ?? []).flatMap(({ rows }, i) => {
    const numbers = Array.from({ length: rows }, (_, r) => at + r);
    at += rows;
    return outcomes[i] === 'stored' ? numbers : [];
  });
  const pick = (values: Float32Array | Uint8Array, width: number) =>
    stored.flatMap((r) => Array.from(values.subarray(r * width, (r + 1) * width)));
  const { features, targets } = batch.columns;
  return {
    rows: stored.length,
    features: Float32Array.from(pick(batch.features, features.length)),
    targets: Float32Array.from(pick(batch.targets, targets.length)),
    outputs: Float32Array.from(pick(batch.outputs, targets.length)),
    covered: batch.covered && Uint8Array.from(pick(batch.covered, targets.length)),
  };
}

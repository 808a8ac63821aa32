import type { AddedBatch, Answer, LabelledBatch } from '../../../model/feedback/labelled-batch.js';

/** Rows that were stored, and what the model that served then had predicted. */
export type StoredRows = Pick<LabelledBatch, 'rows' | 'features' | 'targets' | 'outputs'>;

/** Returns the rows that a batch has added: all, but for those of predictions that another request has answered. */
export function storedRows(
  batch: LabelledBatch,
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
  const pick = (values: Float32Array, width: number) =>
    Float32Array.from(stored.flatMap((r) => Array.from(values.subarray(r * width, (r + 1) * width))));
  const { features, targets } = batch.columns;
  return {
    rows: stored.length,
    features: pick(batch.features, features.length),
    targets: pick(batch.targets, targets.length),
    outputs: pick(batch.outputs, targets.length),
  };
}

import { type Static, Type } from 'typebox';
import { hashRows } from '../../../base/statistics/row-hashes.js';
import { Bins, makeBins } from '../sketches/bins.js';

/** Errors of one target on held-out rows, in its units. An error is prediction - target. */
const TargetErrors = Type.Object({
  rmse: Type.Number({ minimum: 0 }),
  mae: Type.Number({ minimum: 0 }),
  bias: Type.Number({ description: 'mean error' }),
  errors: Bins,
  magnitudes: Bins,
  largest: Type.Number({ minimum: 0, description: 'the largest magnitude' }),
});

/** The prediction errors on rows that the model was not trained on: the reference for the errors on labelled rows. */
export const PredictionErrors = Type.Object({
  rows: Type.Integer({ minimum: 1 }),
  distinct: Type.Boolean({
    description: 'whether these rows hardly repeat, so that an equal row is one that was sent again',
  }),
  targets: Type.Array(TargetErrors, { minItems: 1 }),
});
export type PredictionErrors = Static<typeof PredictionErrors>;
export type TargetErrors = PredictionErrors['targets'][number];

/** Rows with what the model predicted and what was true. */
export interface JudgedRows {
  readonly rows: number;
  /** `[rows, features]`; without them, rows that repeat cannot be found. */
  readonly features?: Float32Array;
  /** `[rows, targets]` */
  readonly outputs: Float32Array | Float64Array;
  /** `[rows, targets]` */
  readonly targets: Float32Array;
}

/** Minimum share of different rows at which rows hardly repeat. */
const DISTINCT = 0.95;

/** Summarises the errors of at least one row. The numbers must be finite. */
export function summariseErrors({ rows, features, outputs, targets }: JudgedRows): PredictionErrors {
  const width = outputs.length / rows;
  return {
    rows,
    distinct: features !== undefined && new Set(hashRows(rows, features, targets)).size >= DISTINCT * rows,
    targets: Array.from({ length: width }, (_, j) => {
      const errors = Float64Array.from({ length: rows }, (__, r) => outputs[r * width + j]! - targets[r * width + j]!);
      return summarise(errors.sort());
    }),
  };
}

/** Summarises ascending errors of one target. */
function summarise(errors: Float64Array): TargetErrors {
  const rows = errors.length;
  const magnitudes = errors.map(Math.abs).sort();
  const mean = (of: (error: number) => number) => errors.reduce((sum, error) => sum + of(error) / rows, 0);
  return {
    rmse: Math.sqrt(mean((error) => error ** 2)),
    mae: mean(Math.abs),
    bias: mean((error) => error),
    errors: makeBins(errors),
    magnitudes: makeBins(magnitudes),
    largest: magnitudes[rows - 1]!,
  };
}

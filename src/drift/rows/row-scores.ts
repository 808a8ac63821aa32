import type { Baseline } from '../../model/baseline/baseline.js';
import type { FeatureColumn } from '../../model/baseline/features/feature-column.js';
import { ABOVE, BELOW, type RowReader } from './row-reader.js';

/** How unusual one row is. */
export interface RowScores {
  readonly p_value: number;
  readonly out_of_range: string[];
  readonly conditional_residuals: { feature: string; residual: number }[];
}

/**
 * Scores the row that `reader` has read last: its p-value, the share of held-out rows that is expected to be as unusual at most,
 * the features outside the baseline's range, and the standardised conditional residual of each feature that has one. A row that
 * is average in everything has no small p-value: only windows show such a drift.
 */
export function scoreRow({ features }: Baseline, reader: RowReader): RowScores {
  const isOutside = (_: unknown, j: number) => reader.places[j] === BELOW || reader.places[j] === ABOVE;
  const outside = features.filter(isOutside);
  const isNew = ({ watched }: FeatureColumn) => watched?.type === 'category';
  const residuals = features.map(({ name, watched }, j) => ({
    feature: name,
    // Times have no residual.
    residual: watched?.type === 'timestamp' ? Number.NaN : reader.standardisedResidual(j),
  }));
  return {
    p_value: reader.p,
    out_of_range: outside.filter((feature) => !isNew(feature)).map(({ name }) => name),
    conditional_residuals: residuals.filter(({ residual }) => !Number.isNaN(residual)),
  };
}

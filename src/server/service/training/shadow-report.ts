import { type Static, Type } from 'typebox';
import type { Card } from '../../../model/versions/card.js';

/** Differences between the candidate's answers and those sent to clients: candidate - serving. */
export const ShadowReport = Type.Object(
  {
    asked_rows: Type.Integer(),
    rows: Type.Integer({ description: 'rows that both versions have predicted' }),
    targets: Type.Record(
      Type.String(),
      Type.Object({
        mean_difference: Type.Number({ description: 'candidate - serving, in units of the target' }),
        rms_difference: Type.Number(),
        quantiles: Type.Record(Type.String(), Type.Number(), { description: 'quantiles of |difference|' }),
        bound: Type.Number({ description: 'the RMSE of the serving version on its held-out rows' }),
        beyond_bound: Type.Number({ description: 'share of rows whose |difference| exceeds the bound' }),
      }),
      { description: 'empty before the first row' },
    ),
  },
  { 'x-schema': 'ShadowReport' },
);
export type ShadowReport = Static<typeof ShadowReport>;

const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, max: 1 };

/** Reports on `differences`, `[rows, targets]`, from a version with this card. */
export function describeDifferences(
  differences: Float32Array,
  rows: number,
  { targets, metrics }: Pick<Card, 'targets' | 'metrics'>,
): ShadowReport['targets'] {
  if (rows === 0) return {};
  const columns = targets.map((_, j) =>
    Float32Array.from({ length: rows }, (_, i) => differences[i * targets.length + j]!),
  );
  return Object.fromEntries(
    columns.map((column, j) => [targets[j]!, describe(column, metrics.targets[targets[j]!]!.rmse)]),
  );
}

function describe(differences: Float32Array, bound: number): ShadowReport['targets'][string] {
  const { length } = differences;
  const sizes = differences.map(Math.abs).sort();
  let [sum, squares, beyond] = [0, 0, 0];
  for (const difference of differences) {
    sum += difference;
    squares += difference ** 2;
    if (Math.abs(difference) > bound) beyond++;
  }
  return {
    mean_difference: sum / length,
    rms_difference: Math.sqrt(squares / length),
    quantiles: Object.fromEntries(Object.entries(QUANTILES).map(([name, p]) => [name, quantile(sizes, p)])),
    bound,
    beyond_bound: beyond / length,
  };
}

/** Interpolates ascending values linearly: definition 7 of Hyndman and Fan (1996), the default of NumPy. */
function quantile(sorted: Float32Array, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (place - below) * (high - low);
}

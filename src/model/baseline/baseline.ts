import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../base/domain-error.js';
import { Bins, binOf, makeBins, NO_BIN } from './bins.js';
import { Charts, calibrateCharts } from './chart-limits.js';
import { measure } from './conditional.js';
import { ExpectedErrors } from './expected-errors.js';
import { gridScore, makeScoreGrid, ScoreGrid } from './normal-scores.js';
import { OrderedLists } from './ordered-lists.js';
import { makeOrderedSample, OrderedSample, sampleScore } from './ordered-sample.js';
import { PredictionErrors } from './prediction-errors.js';

const Column = Type.Object({ name: Type.String(), bins: Bins, mean: Type.Number(), deviation: Type.Number() });

const FeatureColumn = Type.Object({
  ...Column.properties,
  min: Type.Number(),
  max: Type.Number(),
  missing: Type.Integer({ minimum: 0, description: 'held-out rows without a value, in addition to those in the bins' }),
  grid: ScoreGrid,
});

const OutputColumn = Type.Object({
  ...Column.properties,
  grid: Type.Optional(ScoreGrid),
  targets: Type.Optional(
    Type.Object(
      { min: Type.Number(), max: Type.Number() },
      {
        description:
          'the range of all targets of the training; none in baselines of earlier versions, which have no grid',
      },
    ),
  ),
});

const ErrorColumn = Type.Object({
  bins: Bins,
  sample: OrderedSample,
  mean_score: Type.Number({ description: 'mean of the normal scores of the sample; 0 without ties' }),
  score_variance: Type.Number({ minimum: 0 }),
});

const Conditional = Type.Object({
  mean: Type.Array(Type.Number(), { description: 'of the normal scores, one per feature' }),
  precision: Type.Array(Type.Number(), { description: 'features × features, row-major' }),
  bins: Type.Array(Bins, { description: 'of the conditional residuals, one per feature' }),
  distances: OrderedSample,
});

/** A version's reference for drift: a summary of rows that it was not trained on. It does not contain whole rows. */
export const Baseline = Type.Object({
  schema: Type.Literal(1),
  rows: Type.Integer({ minimum: 1, description: 'held-out rows' }),
  features: Type.Array(FeatureColumn, { minItems: 1 }),
  outputs: Type.Array(OutputColumn, { minItems: 1 }),
  error: ErrorColumn,
  conditional: Type.Union([Conditional, Type.Null()], {
    description: 'null with one feature, or with too few rows to estimate how features depend on each other',
  }),
  charts: Charts,
  // Older baselines have neither, nor have those of rows without labels.
  prediction_errors: Type.Optional(PredictionErrors),
  expected_errors: Type.Optional(ExpectedErrors),
});
export type Baseline = Static<typeof Baseline>;
export type Column = Static<typeof Column>;
export type FeatureColumn = Static<typeof FeatureColumn>;
export type OutputColumn = Static<typeof OutputColumn>;

/** Rows that the model was not trained on. A missing feature value is NaN; the other numbers are finite. */
export interface HeldOut {
  readonly count: number;
  /** `[count, features]`, raw units. */
  readonly rows: Float32Array;
  /** `[count, outputs]`: the model's predictions, in target units. */
  readonly outputs: Float32Array;
  /** `[count]`: mean squared reconstruction residuals in standardised units. */
  readonly errors: Float32Array;
}

/** Fewer rows are too few to compare with. */
export const MIN_ROWS = 20;
/** Minimum rows for the conditional channels. */
const CONDITIONAL_ROWS = 200;
/** Minimum rows per feature for the conditional channels. */
const CONDITIONAL_ROWS_PER_FEATURE = 20;

/** The smallest and the largest of a target's values. */
export type TargetRange = NonNullable<OutputColumn['targets']>;

/**
 * Summarises held-out rows. `targetRanges`, one per target: of all targets of the training, if they are known. The same seed gives the same baseline. Throws `INVALID_BASELINE` for fewer than 20 rows, arrays of wrong
 * lengths, a number that is not finite, or a feature without values.
 */
export function makeBaseline(
  heldOut: HeldOut,
  featureNames: readonly string[],
  targetNames: readonly string[],
  seed: number,
  targetRanges?: readonly (TargetRange | undefined)[],
): Baseline {
  assertHeldOut(heldOut, featureNames.length, targetNames.length);
  const { count, rows, outputs, errors } = heldOut;
  const d = featureNames.length;
  const features = featureNames.map((name, j) => featureColumn(name, rows, d, j, count));
  const outputColumns = targetNames.map((name, j): OutputColumn => {
    const sorted = sortedColumn(outputs, targetNames.length, j);
    const targets = targetRanges?.[j];
    return { ...column(name, sorted), grid: makeScoreGrid(sorted), ...(targets && { targets }) };
  });

  const sortedErrors = Float64Array.from(errors.subarray(0, count)).sort();
  const sample = makeOrderedSample(sortedErrors);
  const errorScores = Float64Array.from({ length: count }, (_, r) => sampleScore(sample, errors[r]!));
  const { mean, variance } = momentsOf(errorScores);
  const error = { bins: makeBins(sortedErrors), sample, mean_score: mean, score_variance: variance };

  const hasConditional = d > 1 && count >= Math.max(CONDITIONAL_ROWS, CONDITIONAL_ROWS_PER_FEATURE * d);
  const conditionals = hasConditional ? measure(scoresOf(features, rows, count), d) : null;
  // A missing value has no residual.
  conditionals?.residuals.forEach((_, at) => {
    if (Number.isNaN(rows[at]!)) conditionals.residuals[at] = Number.NaN;
  });
  const conditional = conditionals && {
    mean: Array.from(conditionals.mean),
    precision: Array.from(conditionals.precision),
    bins: featureNames.map((_, j) => makeBins(sortedColumn(conditionals.residuals, d, j))),
    distances: makeOrderedSample(conditionals.distances.toSorted()),
  };

  const channels = [
    ...features.map(({ bins }, j) => ({ bins, values: rows, width: d, j })),
    ...outputColumns.map(({ bins }, j) => ({ bins, values: outputs, width: targetNames.length, j })),
    { bins: error.bins, values: errors, width: 1, j: 0 },
    ...(conditional?.bins ?? []).map((bins, j) => ({ bins, values: conditionals!.residuals, width: d, j })),
  ];
  const binIndex = new Uint8Array(count * channels.length);
  channels.forEach(({ bins: { edges }, values, width, j }, c) => {
    for (let r = 0; r < count; r++) {
      const value = values[r * width + j]!;
      binIndex[r * channels.length + c] = Number.isNaN(value) ? NO_BIN : binOf(edges, value);
    }
  });
  const binCounts = channels.map(({ bins }) => bins.counts.length);
  const charts = calibrateCharts({ bins: binIndex, binCounts, scores: errorScores }, seed);
  return { schema: 1, rows: count, features, outputs: outputColumns, error, conditional, charts };
}

/** Returns the range of each target of `targets` `[rows, width]`, at least one row. */
export function rangesOf(targets: Float32Array, width: number): TargetRange[] {
  const ranges = Array.from({ length: width }, () => ({
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  }));
  for (let at = 0; at < targets.length; at++) {
    const range = ranges[at % width]!;
    const value = targets[at]!;
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  }
  return ranges;
}

/** Returns the SHA-256 of the baseline's JSON. */
export function hashBaseline(baseline: Baseline): string {
  return createHash('sha256').update(JSON.stringify(baseline)).digest('hex');
}

function featureColumn(name: string, rows: Float32Array, d: number, j: number, count: number): FeatureColumn {
  const sorted = sortedColumn(rows, d, j);
  if (sorted.length === 0) throw invalid(`feature ${name}: expected a value in at least one held-out row`);
  return {
    ...column(name, sorted),
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
    missing: count - sorted.length,
    grid: makeScoreGrid(sorted),
  };
}

function column(name: string, sorted: Float64Array): Column {
  const { mean, variance } = momentsOf(sorted);
  // A constant column's computed variance may be above 0 by rounding.
  const constant = sorted[0] === sorted[sorted.length - 1];
  return { name, bins: makeBins(sorted), mean, deviation: constant ? 0 : Math.sqrt(variance) };
}

/** Returns column `j` of `values` `[rows, width]`, ascending, without missing values. */
function sortedColumn(values: Float32Array | Float64Array, width: number, j: number): Float64Array {
  const column = new Float64Array(values.length / width);
  let present = 0;
  for (let at = j; at < values.length; at += width) {
    const value = values[at]!;
    if (!Number.isNaN(value)) column[present++] = value;
  }
  return column.subarray(0, present).sort();
}

/** Returns normal scores `[count, features]`. A missing value has the middle score, 0. */
function scoresOf(features: readonly FeatureColumn[], rows: Float32Array, count: number): Float64Array {
  const d = features.length;
  const grids = new OrderedLists(features.map(({ grid }) => grid.values));
  const gridScores = Float64Array.from(features.flatMap(({ grid }) => grid.scores));
  return Float64Array.from({ length: count * d }, (_, at) => gridScore(grids, gridScores, at % d, rows[at]!));
}

function momentsOf(values: Float64Array): { mean: number; variance: number } {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  return { mean, variance };
}

function assertHeldOut({ count, rows, outputs, errors }: HeldOut, features: number, targets: number): void {
  if (!(count >= MIN_ROWS)) throw invalid(`expected at least ${MIN_ROWS} held-out rows, got ${count}`);
  const lengths = [
    ['rows', rows.length, count * features],
    ['outputs', outputs.length, count * targets],
    ['errors', errors.length, count],
  ] as const;
  for (const [name, found, expected] of lengths) {
    if (found !== expected) throw invalid(`${name}: expected ${expected} numbers, got ${found}`);
  }
  if (rows.some((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)) {
    throw invalid('rows: expected finite numbers, or NaN where a value is missing');
  }
  if (!outputs.every(Number.isFinite)) throw invalid('outputs: expected finite numbers');
  if (!errors.every(Number.isFinite)) throw invalid('errors: expected finite numbers');
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_BASELINE', message);
}

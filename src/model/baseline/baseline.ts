import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../base/domain-error.js';
import type { Column as ModelColumn } from '../columns/column.js';
import { Charts, calibrateCharts } from './charts/chart-limits.js';
import { measure } from './dependence/conditional.js';
import { ExpectedErrors } from './errors/expected-errors.js';
import { PredictionErrors } from './errors/prediction-errors.js';
import { Column, columnOf, emptyFeature, FeatureColumn, numberFeature } from './features/feature-column.js';
import { levelFeature, orderLevels } from './features/level-feature.js';
import { RowRecoder } from './features/row-recoder.js';
import { timeFeature } from './features/time-feature.js';
import { isCycle, levelsOf, watch } from './features/watched.js';
import { Bins, binOf, makeBins, NO_BIN } from './sketches/bins.js';
import { momentsOf } from './sketches/moments.js';
import { gridScore, makeScoreGrid, ScoreGrid } from './sketches/normal-scores.js';
import { OrderedLists } from './sketches/ordered-lists.js';
import { makeOrderedSample, OrderedSample, sampleScore } from './sketches/ordered-sample.js';

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
  features: Type.Array(FeatureColumn, { minItems: 1, description: 'what is watched of the columns, in their order' }),
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
export type OutputColumn = Static<typeof OutputColumn>;

/** Rows that the model was not trained on. A missing feature value is NaN; the other numbers are finite. */
export interface HeldOut {
  readonly count: number;
  /** `[count, columns]`, as the model reads them: numbers in raw units, or codes. */
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
 * Summarises held-out rows `[count, columns]`. `targetRanges`, one per target: of all targets of the training, if they are known.
 * `columns`: what the codes of the rows stand for; without them all are numbers. The same seed gives the same baseline. Throws
 * `INVALID_BASELINE` for fewer than 20 rows, arrays of wrong lengths, a number that is not finite, or a feature without values, unless
 * the training had gaps in it too.
 */
export function makeBaseline(
  heldOut: HeldOut,
  featureNames: readonly string[],
  targetNames: readonly string[],
  seed: number,
  targetRanges?: readonly (TargetRange | undefined)[],
  columns: readonly ModelColumn[] | undefined = undefined,
): Baseline {
  assertHeldOut(heldOut, featureNames.length, targetNames.length);
  const { count, outputs, errors } = heldOut;
  const { features, rows } = summariseFeatures(heldOut, featureNames, columns);
  const d = features.length;
  const outputColumns = targetNames.map((name, j): OutputColumn => {
    const sorted = sortedColumn(outputs, targetNames.length, j);
    const targets = targetRanges?.[j];
    return { ...columnOf(name, sorted), grid: makeScoreGrid(sorted), ...(targets && { targets }) };
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
    bins: features.map((_, j) => makeBins(sortedColumn(conditionals.residuals, d, j))),
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
    // Cycles have no chart.
    const isCharted = c >= d || !isCycle(features[c]!);
    for (let r = 0; r < count; r++) {
      const value = isCharted ? values[r * width + j]! : Number.NaN;
      binIndex[r * channels.length + c] = Number.isNaN(value) ? NO_BIN : binOf(edges, value);
    }
  });
  const binCounts = channels.map(({ bins }) => bins.counts.length);
  const hasLevels = channels.map((_, c) => c < d && levelsOf(features[c]!) !== undefined);
  const charts = calibrateCharts({ bins: binIndex, binCounts, hasLevels, scores: errorScores }, seed);
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

/** Summarises the features that are watched. Returns them, and the rows of what is watched `[count, watched]`. */
function summariseFeatures(
  { count, rows, outputs }: HeldOut,
  names: readonly string[],
  columns: readonly ModelColumn[] = names.map((name) => ({ name, type: 'number', missing: 0, range: [0, 0] })),
) {
  const width = names.length;
  const codesOf = (values: Float32Array, j: number, of: number) =>
    Float32Array.from({ length: count }, (_, r) => values[r * of + j]!);
  const watched = watch(columns, rows, (j, levels) => orderLevels({ codes: codesOf(rows, j, width), outputs, levels }));
  const recoder = new RowRecoder(watched);
  const recoded = recoder.recode(rows, count);
  const features = watched.map((feature, j): FeatureColumn => {
    const sorted = sortedColumn(recoded, watched.length, j);
    if (sorted.length === 0 && !columns.some(({ name, missing }) => name === feature.name && missing > 0)) {
      throw invalid(`feature ${feature.name}: expected a value in at least one held-out row`);
    }
    if (feature.watched && feature.watched.type !== 'timestamp') {
      const { type, levels } = feature.watched;
      const codes = codesOf(recoded, j, watched.length);
      return levelFeature(feature, { codes, outputs, levels: levels.length }, type === 'category');
    }
    if (sorted.length === 0) return emptyFeature(feature, count);
    return feature.watched ? timeFeature(feature, sorted, count) : numberFeature(feature.name, sorted, count);
  });
  return { features, rows: recoded };
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

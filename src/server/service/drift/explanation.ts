import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import type { RowScores } from '../../../drift/rows/row-scores.js';
import { valueOfCode } from '../../../model/columns/coding.js';
import type { Column } from '../../../model/columns/column.js';
import type { Contributions } from '../../../model/explanation/explainer.js';
import type { Card } from '../../../model/versions/card.js';
import type { RowContributions } from '../prediction/contributions.js';
import type { Observation } from '../prediction/prediction-service.js';
import type { DriftService } from './drift-service.js';

const TargetContributions = Type.Object(
  {
    target: Type.String(),
    base_value: Type.Number({
      description: 'the mean prediction of the background, in target units; the same for every row',
    }),
    values: Type.Record(Type.String(), Type.Number(), {
      description:
        'what each feature contributes, in target units: Shapley values. With the base value, they add up to the prediction. A ' +
        'category or a timestamp is one feature',
    }),
    standard_error: Type.Number({
      description:
        'the largest standard error of a value, in target units; 0 if the values are exact, as of up to 10 features',
    }),
  },
  { 'x-schema': 'Contributions' },
);
type TargetContributions = Static<typeof TargetContributions>;

/** Why a row has its prediction, how unusual it is, and in which features. `POST /predict?explain=true` adds it for each row. */
export const Explanation = Type.Object(
  {
    p_value: nullable(Type.Number(), {
      description: 'at most this share of held-out rows is as unusual; null if drift is off',
    }),
    conditional_residuals: nullable(Type.Array(Type.Object({ feature: Type.String(), residual: Type.Number() })), {
      description:
        'the part of each feature that the other features do not explain, in its standard deviations on held-out rows, the ' +
        'largest first: beyond ±3, the relation of this feature to the others is probably broken. Null if the baseline does ' +
        'not know how features depend on each other, or drift is off. A missing feature has none',
    }),
    out_of_range: Type.Array(Type.String(), { description: 'features outside the range of the held-out rows' }),
    missing: Type.Array(Type.String(), { description: 'features that were imputed' }),
    unknown_levels: Type.Optional(
      Type.Array(Type.String(), {
        description: 'categories whose value the training did not have; models of numbers alone have none',
      }),
    ),
    reconstruction: Type.Record(
      Type.String(),
      Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]),
      {
        description: 'reconstruction of each feature, in its units; null for a missing value',
      },
    ),
    squared_residuals: Type.Record(Type.String(), Type.Number(), {
      description: 'squared difference of input and reconstruction per feature, in standardised units',
    }),
    contributions: nullable(Type.Array(TargetContributions), {
      description:
        'why the row has its predictions, by target, compared with rows like the held-out ones; null if the row is too far ' +
        'from them for finite numbers',
    }),
  },
  { 'x-schema': 'Explanation' },
);
export type Explanation = Static<typeof Explanation>;

/** A prediction with the contributions of its rows. */
export type Explained = Observation & { readonly contributions: RowContributions };

/** Returns the characters of a row's explanation, with its comma, if each of its numbers has one digit. */
export function leastLength({ features, targets }: Pick<Card, 'features' | 'targets'>): number {
  const zeros = Object.fromEntries(features.map((name) => [name, 0]));
  const least: Explanation = {
    p_value: 0,
    conditional_residuals: null,
    out_of_range: [],
    missing: [],
    reconstruction: zeros,
    squared_residuals: zeros,
    contributions: targets.map((target) => ({ target, base_value: 0, values: zeros, standard_error: 0 })),
  };
  return JSON.stringify(least).length + 1;
}

/** Explains the rows `from` to `to` of a prediction. The prediction's arrays must not have been overwritten by another. */
export function explain(
  { rows, count, prediction, serving, contributions }: Explained,
  { monitored }: DriftService,
  from = 0,
  to = count,
): Explanation[] {
  const { features, targets, columns } = serving.card;
  const { encoder } = serving.predictor;
  const width = features.length;
  const { inputs, reconstructions, outputs, errors } = prediction;
  const monitor = monitored?.version === serving.version ? monitored.monitor : undefined;
  const restored = new Float32Array((to - from) * width);
  encoder.restore(reconstructions.subarray(from * encoder.inputs), restored, to - from);
  return Array.from({ length: to - from }, (_, i) => {
    const r = from + i;
    const at = r * width;
    const row = rows.subarray(at, at + width);
    const output = outputs.subarray(r * targets.length, (r + 1) * targets.length);
    const residuals = encoder.squaredResiduals(inputs, reconstructions, r * encoder.inputs);
    const scores = monitor?.explain(row, output, errors[r]!);
    return {
      p_value: scores?.p_value ?? null,
      conditional_residuals: scores && monitor!.groups.includes('conditional') ? largestFirst(scores) : null,
      out_of_range: scores?.out_of_range ?? [],
      missing: features.filter((__, j) => Number.isNaN(row[j])),
      ...(columns && { unknown_levels: features.filter((__, j) => valueOfCode(columns[j]!, row[j]!) === undefined) }),
      reconstruction: Object.fromEntries(
        features.map((name, j) => [
          name,
          columns ? restoredValue(columns[j]!, restored[i * width + j]!) : restored[i * width + j]!,
        ]),
      ),
      squared_residuals: Object.fromEntries(features.map((name, j) => [name, residuals[j]!])),
      contributions: describeContributions(contributions.of(r), serving.card),
    };
  });
}

function describeContributions(
  contributions: Contributions | undefined,
  { features, targets }: Card,
): TargetContributions[] | null {
  if (!contributions) return null;
  const { baseValues, values, standardErrors } = contributions;
  if (![baseValues, values, standardErrors].every((numbers) => numbers.every(Number.isFinite))) return null;
  const width = features.length;
  return targets.map((target, t) => ({
    target,
    base_value: shorter(baseValues[t]!),
    values: Object.fromEntries(features.map((name, j) => [name, shorter(values[t * width + j]!)])),
    standard_error: shorter(standardErrors[t]!),
  }));
}

/** Rounds to nine digits, which is what a prediction has. */
function shorter(value: number): number {
  return Number(value.toPrecision(9));
}

/** Returns the JSON value of a restored code; null for a level that the training did not have. */
function restoredValue(column: Column, code: number): number | string | boolean | null {
  return valueOfCode(column, column.type === 'number' ? code : Math.round(code)) ?? null;
}

function largestFirst({ conditional_residuals: residuals }: RowScores): RowScores['conditional_residuals'] {
  return residuals.toSorted((a, b) => Math.abs(b.residual) - Math.abs(a.residual));
}

import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import type { RowScores } from '../../../drift/monitor/monitor.js';
import type { Observation } from '../prediction/prediction-service.js';
import type { DriftService } from './drift-service.js';

/** How unusual a row is, and in which features. `POST /predict?explain=true` adds it for each row. */
export const Explanation = Type.Object({
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
  reconstruction: Type.Record(Type.String(), Type.Number(), {
    description: 'reconstruction of each feature, in its units',
  }),
  squared_residuals: Type.Record(Type.String(), Type.Number(), {
    description: 'squared difference of input and reconstruction per feature, in standardised units',
  }),
});
export type Explanation = Static<typeof Explanation>;

/** Explains the rows `from` to `to` of a prediction. The prediction's arrays must not have been overwritten by another. */
export function explain(
  { rows, count, prediction, serving }: Observation,
  { monitored }: DriftService,
  from = 0,
  to = count,
): Explanation[] {
  const { features, targets } = serving.card;
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
      reconstruction: Object.fromEntries(features.map((name, j) => [name, restored[i * width + j]!])),
      squared_residuals: Object.fromEntries(features.map((name, j) => [name, residuals[j]!])),
    };
  });
}

function largestFirst({ conditional_residuals: residuals }: RowScores): RowScores['conditional_residuals'] {
  return residuals.toSorted((a, b) => Math.abs(b.residual) - Math.abs(a.residual));
}

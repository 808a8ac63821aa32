import { roundStep, roundTo } from '../../base/statistics/round-numbers.js';
import type { TargetTransform } from '../columns/encoding/encoding.js';
import { errorIntervals } from './error-intervals.js';
import { type Evaluation, MAX_TARGETS, MIN_COUNT, PROBABILITIES, type TargetEvaluation } from './evaluation.js';
import { predictedTrue, residualHistogram } from './histograms.js';

/** Fewer rows are too few to say more than the card does without giving one away. */
export const MIN_ROWS = 20;

/** Maximum rows to draw. More add no information. Held-out rows are in random order, so the first are a fair sample. */
const MAX_ROWS = 50_000;

/** Maximum number of groups by prediction, and the minimum rows of each: quartiles with {@link MIN_COUNT} rows beyond. */
const MAX_GROUPS = 5;
const MIN_GROUP = 4 * MIN_COUNT;

/** Steps between the bounds of residuals to which their quantiles are rounded. */
const QUANTILE_STEPS = 200;

/** Held-out rows and their predictions, `[rows, targets]`, in target units. */
export interface Judged {
  readonly rows: number;
  readonly targets: Float32Array;
  readonly outputs: Float32Array;
}

/**
 * Summarises the predictions of held-out rows. Returns null for fewer than {@link MIN_ROWS}. A target with a prediction that is
 * not finite is left out.
 */
export function makeEvaluation(
  { rows, targets, outputs }: Judged,
  names: readonly string[],
  transforms: readonly TargetTransform[] | undefined,
): Evaluation | null {
  if (rows < MIN_ROWS) return null;
  const evaluated = names.slice(0, MAX_TARGETS).flatMap((name, j) => {
    const column = (values: Float32Array) =>
      Float64Array.from({ length: rows }, (_, row) => values[row * names.length + j]!);
    const [actual, predicted] = [column(targets), column(outputs)];
    if (!actual.every(Number.isFinite) || !predicted.every(Number.isFinite)) return [];
    return [evaluateTarget(name, actual, predicted, transforms?.[j]?.method === 'log1p' ? 'log1p' : 'linear')];
  });
  return { schema: 1, rows, targets: evaluated };
}

function evaluateTarget(
  name: string,
  allActual: Float64Array,
  allPredicted: Float64Array,
  scale: TargetEvaluation['scale'],
): TargetEvaluation {
  const intervals = errorIntervals(allActual, allPredicted);
  const [actual, predicted] = [allActual.subarray(0, MAX_ROWS), allPredicted.subarray(0, MAX_ROWS)];
  const residuals = predicted.map((value, row) => value - actual[row]!);
  const histogram = residualHistogram(residuals);
  const spread = histogram.edges.at(-1)! - histogram.edges[0]!;
  return {
    name,
    intervals,
    scale,
    predicted_true: predictedTrue(predicted, actual, scale),
    residuals: histogram,
    groups: groupsOf(predicted, residuals, roundStep(spread, QUANTILE_STEPS)),
  };
}

/** Groups rows by their prediction, as many in each as in the others. Quantiles of residuals are rounded to `step`. */
function groupsOf(predicted: Float64Array, residuals: Float64Array, step: number): TargetEvaluation['groups'] {
  const { length } = predicted;
  const order = Array.from(predicted.keys()).sort((a, b) => predicted[a]! - predicted[b]!);
  const count = Math.min(MAX_GROUPS, Math.floor(length / MIN_GROUP));
  const starts = Array.from({ length: count + 1 }, (_, i) => Math.round((i * length) / count));
  const range = predicted[order.at(-1)!]! - predicted[order[0]!]!;
  const resolution = roundStep(range, QUANTILE_STEPS);
  // Between the groups, so that both name the same number.
  const bounds = starts.slice(1, -1).map((start) => roundTo(predicted[order[start]!]!, resolution));
  return Array.from({ length: count }, (_, i) => {
    const group = Float64Array.from(order.slice(starts[i], starts[i + 1]), (row) => residuals[row]!).sort();
    return {
      rows: group.length,
      from: bounds[i - 1] ?? null,
      to: bounds[i] ?? null,
      quantiles: PROBABILITIES.map((p) => {
        const beyond = Math.min(p, 1 - p) * group.length;
        return beyond + 1e-9 < MIN_COUNT ? null : roundTo(quantile(group, p), step);
      }),
    };
  });
}

/** Interpolates between the sorted values, as NumPy does. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low);
}

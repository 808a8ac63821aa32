import { roundStep, roundTo } from '../../base/statistics/round-numbers.js';
import type { TargetTransform } from '../columns/encoding/encoding.js';
import type { Intervals } from '../intervals/intervals.js';
import { errorIntervals } from './error-intervals.js';
import { type Evaluation, MAX_TARGETS, MIN_COUNT, PROBABILITIES, type TargetEvaluation } from './evaluation.js';
import { predictedTrue, residualHistogram } from './histograms.js';

type Coverage = NonNullable<TargetEvaluation['coverage']>;

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
  /** `[rows]`: reconstruction errors. */
  readonly errors: Float32Array;
}

/** Levels of prediction intervals, the first of which that a version has is evaluated. */
const LEVELS = [0.9, 0.8, 0.5];

/**
 * Summarises the predictions of held-out rows, and their `intervals`. Returns null for fewer than {@link MIN_ROWS}. A target with a prediction that is
 * not finite is left out.
 */
export function makeEvaluation(
  { rows, targets, outputs, errors }: Judged,
  names: readonly string[],
  transforms: readonly TargetTransform[] | undefined,
  intervals?: Intervals | null,
): Evaluation | null {
  if (rows < MIN_ROWS) return null;
  const level = LEVELS.find((each) => intervals?.has(each));
  const bounds = intervals && level !== undefined ? intervals.bounds(level, { outputs, errors }, rows) : undefined;
  const evaluated = names.slice(0, MAX_TARGETS).flatMap((name, j) => {
    const column = (values: Float32Array) =>
      Float64Array.from({ length: rows }, (_, row) => values[row * names.length + j]!);
    const [actual, predicted] = [column(targets), column(outputs)];
    if (!actual.every(Number.isFinite) || !predicted.every(Number.isFinite)) return [];
    const scale = transforms?.[j]?.method === 'log1p' ? 'log1p' : 'linear';
    const band = bounds && { level: level!, low: column(bounds.low), high: column(bounds.high) };
    return [evaluateTarget(name, actual, predicted, scale, band)];
  });
  return { schema: 1, rows, targets: evaluated };
}

/** Prediction intervals `[rows]` of a target. */
interface Band {
  readonly level: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

function evaluateTarget(
  name: string,
  allActual: Float64Array,
  allPredicted: Float64Array,
  scale: TargetEvaluation['scale'],
  band: Band | undefined,
): TargetEvaluation {
  const intervals = errorIntervals(allActual, allPredicted);
  const [actual, predicted] = [allActual.subarray(0, MAX_ROWS), allPredicted.subarray(0, MAX_ROWS)];
  const residuals = predicted.map((value, row) => value - actual[row]!);
  const histogram = residualHistogram(residuals);
  const step = roundStep(histogram.edges.at(-1)! - histogram.edges[0]!, QUANTILE_STEPS);
  const cover = band && ((rows: readonly number[]) => coverageOf(rows, actual, band, step));
  return {
    name,
    intervals,
    scale,
    predicted_true: predictedTrue(predicted, actual, scale),
    residuals: histogram,
    ...(cover && { interval_level: band.level, coverage: cover(Array.from(actual.keys())) }),
    groups: groupsOf(predicted, residuals, step, cover),
  };
}

/** Groups rows by their prediction, as many in each as in the others. Quantiles of residuals are rounded to `step`. */
function groupsOf(
  predicted: Float64Array,
  residuals: Float64Array,
  step: number,
  cover: ((rows: readonly number[]) => Coverage) | undefined,
): TargetEvaluation['groups'] {
  const { length } = predicted;
  const order = Array.from(predicted.keys()).sort((a, b) => predicted[a]! - predicted[b]!);
  const count = Math.min(MAX_GROUPS, Math.floor(length / MIN_GROUP));
  const starts = Array.from({ length: count + 1 }, (_, i) => Math.round((i * length) / count));
  const range = predicted[order.at(-1)!]! - predicted[order[0]!]!;
  const resolution = roundStep(range, QUANTILE_STEPS);
  // Between the groups, so that both name the same number.
  const bounds = starts.slice(1, -1).map((start) => roundTo(predicted[order[start]!]!, resolution));
  return Array.from({ length: count }, (_, i) => {
    const rows = order.slice(starts[i], starts[i + 1]);
    const group = Float64Array.from(rows, (row) => residuals[row]!).sort();
    return {
      rows: group.length,
      from: bounds[i - 1] ?? null,
      to: bounds[i] ?? null,
      quantiles: PROBABILITIES.map((p) => {
        const beyond = Math.min(p, 1 - p) * group.length;
        return beyond + 1e-9 < MIN_COUNT ? null : roundTo(quantile(group, p), step);
      }),
      ...(cover && { coverage: cover(rows) }),
    };
  });
}

function coverageOf(rows: readonly number[], actual: Float64Array, { low, high }: Band, step: number): Coverage {
  const covered = rows.filter((row) => low[row]! <= actual[row]! && actual[row]! <= high[row]!);
  const widths = Float64Array.from(rows, (row) => high[row]! - low[row]!).sort();
  return { share: roundTo(covered.length / rows.length, 0.001), width: roundTo(quantile(widths, 0.5), step) };
}

/** Interpolates between the sorted values, as NumPy does. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low);
}

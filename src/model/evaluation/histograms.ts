import { roundStep, roundTo } from '../../base/statistics/round-numbers.js';
import { MAX_BINS, MAX_RESIDUAL_BINS, MIN_COUNT, type TargetEvaluation } from './evaluation.js';

type Scale = TargetEvaluation['scale'];
type Histogram = TargetEvaluation['residuals'];

/** Numbers of bins to try, the finest first, and the share of rows that their small counts may hide. */
const BINS = [MAX_BINS, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2];
const MAX_HIDDEN = 0.2;
const RESIDUAL_BINS = [MAX_RESIDUAL_BINS, 30, 24, 20, 16, 12, 10, 8, 6, 4, 2];
const MAX_HIDDEN_RESIDUALS = 0.1;

/** Shares of the values beyond each end of an axis. The outermost bins count them. */
const TRIMMED = 0.005;
const TRIMMED_RESIDUALS = 0.025;

/** Counts rows by prediction and target, between the same round numbers. Both are `[rows]`. */
export function predictedTrue(predicted: Float64Array, actual: Float64Array, scale: Scale): Histogram {
  const values = new Float64Array(2 * actual.length);
  values.set(predicted);
  values.set(actual, predicted.length);
  values.sort();
  const [low, high] = bounds(values, TRIMMED);
  return finest(BINS, MAX_HIDDEN, (bins) => {
    const edges = edgesOf(low, high, bins, scale);
    const width = edges.length - 1;
    const counts = new Array<number>(width ** 2).fill(0);
    for (let row = 0; row < actual.length; row++) {
      counts[binOf(edges, predicted[row]!) * width + binOf(edges, actual[row]!)]! += 1;
    }
    return withoutSmall(edges, counts);
  });
}

/** Counts residuals between round numbers, 0 in the middle. */
export function residualHistogram(residuals: Float64Array): Histogram {
  const [, limit] = bounds(residuals.map(Math.abs).sort(), TRIMMED_RESIDUALS);
  return finest(RESIDUAL_BINS, MAX_HIDDEN_RESIDUALS, (bins) => {
    const half = Math.max(1, bins / 2);
    const upper = edgesOf(0, limit, half, 'linear');
    const edges = [
      ...upper
        .slice(1)
        .map((edge) => -edge)
        .reverse(),
      ...upper,
    ];
    const counts = new Array<number>(edges.length - 1).fill(0);
    for (const residual of residuals) counts[binOf(edges, residual)]! += 1;
    return withoutSmall(edges, counts);
  });
}

/** Returns the histogram with the most bins whose small counts hide few rows, or else the one that hides the fewest. */
function finest(candidates: readonly number[], maxHidden: number, make: (bins: number) => Histogram): Histogram {
  let best: Histogram | undefined;
  for (const bins of candidates) {
    const histogram = make(bins);
    const rows = histogram.counts.reduce((sum, count) => sum + count, histogram.hidden);
    if (histogram.hidden <= maxHidden * rows) return histogram;
    if (!best || histogram.hidden < best.hidden) best = histogram;
  }
  return best!;
}

function withoutSmall(edges: readonly number[], counts: readonly number[]): Histogram {
  const isSmall = (count: number) => count < MIN_COUNT;
  const hidden = counts.filter(isSmall).reduce((sum, count) => sum + count, 0);
  return { edges: [...edges], counts: counts.map((count) => (isSmall(count) ? 0 : count)), hidden };
}

/** Returns two of the sorted values: beyond each is a share of them, and no fewer than {@link MIN_COUNT}. */
function bounds(sorted: Float64Array, share: number): [number, number] {
  const beyond = Math.min(Math.max(MIN_COUNT, Math.round(share * sorted.length)), Math.floor((sorted.length - 1) / 2));
  return [sorted[beyond]!, sorted[sorted.length - 1 - beyond]!];
}

/** Returns round numbers that cover `[low, high]` with at most `bins` bins, which are equally wide on the scale. */
function edgesOf(low: number, high: number, bins: number, scale: Scale): number[] {
  if (scale === 'log1p') {
    const [from, to] = [Math.log1p(Math.max(0, low)), Math.log1p(Math.max(0, high))];
    const edges = Array.from({ length: bins + 1 }, (_, i) => rounded(Math.expm1(from + (i * (to - from)) / bins)));
    const distinct = Array.from(new Set(edges)).sort((a, b) => a - b);
    if (distinct.length > 1) return distinct;
  }
  for (let count = bins; ; count--) {
    const step = roundStep(high - low || Math.abs(high), Math.max(1, count));
    const first = Math.floor(low / step + 1e-9);
    const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
    if (last - first > bins && count > 1) continue;
    return Array.from({ length: last - first + 1 }, (_, i) => roundTo((first + i) * step, step));
  }
}

/** Rounds to two significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

/** The bin of a value; the first and the last one also count what is beyond them. */
function binOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= edges[middle]!) low = middle;
    else high = middle - 1;
  }
  return low;
}

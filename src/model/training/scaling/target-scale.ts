import { MAX_FITTED_VALUES } from '../../columns/fitting/moments.js';
import type { Predictions } from '../../network/predictor.js';
import { gather, type LabelledRows } from '../../tables/labelled-rows.js';
import { pairedTest } from '../gate/paired-test.js';
import type { TrainingOptions } from '../training-options.js';
import type { TargetScale } from './targets.js';

/**
 * Skewness by quantiles, (q95 + q5 - 2 q50) / (q95 - q5), from which a target has a tail that may ask for the logarithm: 0 is
 * symmetric, and an exponential distribution has 0.56.
 */
const TAIL = 0.35;

/** Training rows of a trial, at most, and its epochs. Two trials of them take a second. */
const TRIAL_ROWS = 3000;
const TRIAL_EPOCHS = 30;
/** Fewer cannot decide it. */
const MIN_TRIAL_ROWS = 60;

/** The probability of preferring the logarithmic scale by chance. */
const LEVEL = 0.05;

/** Trains on rows, which it may change, and returns those that it held out with its predictions. */
type Trial = (
  sample: LabelledRows,
  options: TrainingOptions,
) => Promise<{ readonly heldOut: LabelledRows & Pick<Predictions, 'outputs'> }>;

/**
 * Decides which targets to learn on the logarithmic scale. `auto` asks for a trial on some of the training rows `index` if a target
 * has a long tail that the logarithm shortens, and takes the logarithm if its errors, in the target's units, are
 * significantly smaller, and their squares are smaller in the mean. The shape of the tail alone does not decide: of 20 tables of
 * such targets, the logarithm was up to 9 % better on nine, but up to 80 % worse on the most skewed ones, where sums make the
 * target.
 */
export async function chooseScale(
  data: LabelledRows,
  outputs: number,
  index: Int32Array,
  options: TrainingOptions,
  trial: Trial,
): Promise<TargetScale> {
  if (options.target_transform !== 'auto') return options.target_transform;
  if (index.length < MIN_TRIAL_ROWS) return 'none';
  const logged = tailedTargets(data.targets, outputs, index);
  if (logged.length === 0) return 'none';
  const rows = index.subarray(0, TRIAL_ROWS);
  const epochs = Math.min(options.epochs, TRIAL_EPOCHS);
  const errorsOf = async (target_transform: 'none' | 'log1p') => {
    try {
      const { heldOut } = await trial(gather(data, rows), { ...options, epochs, target_transform });
      return (j: number) =>
        Float64Array.from({ length: heldOut.rows }, (_, row) => {
          const at = row * outputs + j;
          return Math.abs(heldOut.outputs[at]! - heldOut.targets[at]!);
        });
    } catch {
      // Whatever it is, it is reported if the training itself fails.
      return undefined;
    }
  };
  const [plain, log] = [await errorsOf('none'), await errorsOf('log1p')];
  if (!plain || !log) return 'none';
  // Both held out the same rows: those of the smallest hashes.
  return logged.filter((j) => {
    const [ofPlain, ofLog] = [plain(j), log(j)];
    // The few largest targets decide the mean squared error: it says which is better, but not whether by chance.
    return meanSquare(ofLog) < meanSquare(ofPlain) && (pairedTest(ofPlain, ofLog, 0) ?? 1) < LEVEL;
  });
}

function meanSquare(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
}

/** Returns which targets `[rows, outputs]` have a tail that their logarithms do not have, in the rows `index`, in random order. */
export function tailedTargets(targets: Float32Array, outputs: number, index: Int32Array): number[] {
  return Array.from({ length: outputs }, (_, j) => j).filter((j) =>
    hasTail(Float64Array.from(index.subarray(0, MAX_FITTED_VALUES), (row) => targets[row * outputs + j]!)),
  );
}

/** Returns whether values of 0 and more have a tail that their logarithms do not have. */
function hasTail(values: Float64Array): boolean {
  values.sort();
  if (!(values[0]! >= 0)) return false;
  const skewness = quantileSkewness(values);
  return skewness >= TAIL && Math.abs(quantileSkewness(values.map(Math.log1p))) < 0.8 * skewness;
}

/** Of ascending values. */
function quantileSkewness(values: Float64Array): number {
  const quantile = (share: number) => values[Math.floor(share * (values.length - 1))]!;
  const [low, middle, high] = [quantile(0.05), quantile(0.5), quantile(0.95)];
  return (low + high - 2 * middle) / (high - low);
}

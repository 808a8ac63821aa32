import type { Scaler } from '../../network/scaler.js';
import type { LabelledRows } from '../../tables/labelled-rows.js';
import type { Gate, Promote } from '../../versions/gate-decision.js';
import type { Findings } from './findings.js';
import { betterThanConstantTest, mean, pairedTest } from './paired-test.js';
import { reasonOf, ridgeWarning } from './reasons.js';

/**
 * The maximum probability of a wrong refusal, reached by a new version that is worse by exactly the tolerance. Equal versions,
 * protected by the tolerance, are refused far less often, and that costs little: the serving one is as good. Passing a worse
 * version costs more. Hence the level is higher than in a test that is meant to prove something.
 */
export const LEVEL = 0.2;

/** The probability that a version which is no better than the mean looks better, or one that is as good as ridge regression worse. */
export const PROOF_LEVEL = 0.05;

/**
 * A version whose R2 is below LITTLE is refused if the serving one had at least MUCH. Shuffled targets look like that: they
 * also corrupt the held-out rows, on which the serving version then scores worse.
 */
const LITTLE = 0.2;
const MUCH = 0.5;

/** The serving version's predictions of the held-out rows. */
export interface ServingPredictions {
  readonly version: number;
  /** `[rows, outputs]`, in the targets' units. */
  readonly outputs: Float32Array;
  /** Share of the variance of its own held-out rows that it explained. */
  readonly explained: number;
}

export interface GateTerms {
  readonly promote: Promote;
  /** How much worse the new version's RMSE may be, as a share of the serving one's. */
  readonly tolerance: number;
}

/**
 * Decides whether a new version may serve. `outputs` `[rows, outputs]` are its predictions of the held-out rows `data`, and `ridge`
 * those of a ridge regression.
 *
 * If no version serves, the gate refuses the new one unless the rows show that it predicts better than the mean of the training
 * rows. Otherwise it refuses the version if a paired test shows that its RMSE exceeds (1 + tolerance) times that of `serving`, if it
 * explains almost nothing where the serving one explained much, or if it predicts no better than the mean, unless it is better
 * than the serving one. A version that is worse than the ridge regression gets a warning. `scaler` belongs to the targets: its
 * deviations combine several targets into one figure.
 */
export function judge(
  data: LabelledRows,
  outputs: Float32Array,
  scaler: Scaler,
  serving: ServingPredictions | null,
  { promote, tolerance }: GateTerms,
  ridge: Float32Array | null = null,
): Gate {
  const { rows } = data;
  const candidateResiduals = residuals(data, scaler, (i) => outputs[i]!);
  const meanResiduals = residuals(data, scaler, (i) => scaler.mean[i % scaler.mean.length]!);
  const errorsOf = (predictions: Float32Array) =>
    squares(
      residuals(data, scaler, (i) => predictions[i]!),
      rows,
    );
  const candidateErrors = squares(candidateResiduals, rows);
  const meanErrors = squares(meanResiduals, rows);
  const servingErrors = serving ? errorsOf(serving.outputs) : meanErrors;
  const ridgeErrors = ridge && errorsOf(ridge);
  const [candidate, former, ofMean] = [candidateErrors, servingErrors, meanErrors].map(rootMean) as [
    ...[number, number, number],
  ];
  const p = pairedTest(candidateErrors, servingErrors, tolerance);
  const pMean = betterThanConstantTest(candidateResiduals, meanResiduals, rows);
  const pRidge = ridgeErrors && pairedTest(candidateErrors, ridgeErrors, 0);
  const explained = 1 - (candidate / ofMean) ** 2;
  const findings: Findings = {
    ...{ rows, promote, tolerance, candidate, former, serving, explained },
    mean: ofMean,
    ridge: ridgeErrors && rootMean(ridgeErrors),
    isWorse: p === null ? candidate > (1 + tolerance) * former : p < LEVEL,
    isBetterThanMean: explained > 0 && pMean !== null && pMean < PROOF_LEVEL,
    isWorseThanRidge: pRidge !== null && pRidge < PROOF_LEVEL,
    isUseless: !(explained > 0) && !(candidate < former),
    isUninformative: serving !== null && serving.explained >= MUCH && explained < LITTLE,
  };
  return {
    decision: promote === 'gate' ? (isRefused(findings) ? 'refused' : 'promoted') : 'not_asked',
    reason: reasonOf(findings),
    warnings: findings.isWorseThanRidge ? [ridgeWarning(findings)] : [],
    promote,
    metric: 'rmse',
    candidate,
    serving: finiteOrNull(former),
    serving_version: serving && String(serving.version),
    tolerance,
    p_value: p,
    rows,
    baselines: {
      mean: finiteOrNull(ofMean),
      better_than_mean: findings.isBetterThanMean,
      better_than_mean_p_value: pMean,
      ridge: finiteOrNull(findings.ridge),
      worse_than_ridge: findings.isWorseThanRidge,
      worse_than_ridge_p_value: pRidge,
    },
  };
}

function isRefused({ serving, isWorse, isUseless, isUninformative, isBetterThanMean }: Findings): boolean {
  return serving ? isWorse || isUseless || isUninformative : !isBetterThanMean;
}

function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Returns `[rows, width]` residuals in units of the target; of several targets in standard deviations. */
function residuals({ targets }: LabelledRows, { scale }: Scaler, prediction: (i: number) => number): Float64Array {
  const width = scale.length;
  return Float64Array.from(targets, (target, i) => (prediction(i) - target) / (width === 1 ? 1 : scale[i % width]!));
}

/** Returns `[rows]` mean squares of the residuals of a row. */
function squares(residuals: Float64Array, rows: number): Float64Array {
  const width = residuals.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += residuals[i]! ** 2;
    return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum / width;
  });
}

function rootMean(squares: Float64Array): number {
  return Math.sqrt(mean(squares));
}

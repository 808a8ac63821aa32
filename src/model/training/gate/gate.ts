import { studentTail } from '../../../base/statistics/student-t.js';
import type { Scaler } from '../../network/scaler.js';
import type { LabelledRows } from '../../tables/labelled-rows.js';
import type { Gate } from '../../versions/gate-decision.js';

/** Let the gate decide whether the new version serves, or bypass it: the version always or never serves. */
export const PROMOTIONS = ['gate', 'always', 'never'] as const;
export type Promote = (typeof PROMOTIONS)[number];

/**
 * The maximum probability of a wrong refusal, reached by a new version that is worse by exactly the tolerance. Equal versions,
 * protected by the tolerance, are refused far less often, and that costs little: the serving one is as good. Passing a worse
 * version costs more. Hence the level is higher than in a test that is meant to prove something.
 */
export const LEVEL = 0.2;

/**
 * A version whose R2 is below LITTLE is refused if the serving one had at least MUCH. Shuffled targets look like that: they
 * also corrupt the held-out rows, on which the serving version then scores worse.
 */
const LITTLE = 0.2;
const MUCH = 0.5;

const MEAN = 'the mean of the training rows';

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
 * Decides whether a new version may serve. `outputs` `[rows, outputs]` are its predictions of the held-out rows `data`.
 *
 * The gate refuses the version if a paired test shows that its RMSE exceeds (1 + tolerance) times that of `serving`, or of the
 * mean of the training rows if `serving` is null. It also refuses a version that explains almost nothing where the serving
 * one explained much, or that predicts no better than the mean, unless it is better than the serving one. The reason
 * says so if the rows do not show that the version is better than the mean. `scaler` belongs to the targets: its deviations combine
 * several targets into one figure.
 */
export function judge(
  data: LabelledRows,
  outputs: Float32Array,
  scaler: Scaler,
  serving: ServingPredictions | null,
  { promote, tolerance }: GateTerms,
  _ridge: Float32Array | null = null,
): Gate {
  const candidateErrors = squaredErrors(data, scaler, (i) => outputs[i]!);
  const meanErrors = squaredErrors(data, scaler, (i) => scaler.mean[i % scaler.mean.length]!);
  const servingErrors = serving ? squaredErrors(data, scaler, (i) => serving.outputs[i]!) : meanErrors;
  const [candidate, former] = [rootMean(candidateErrors), rootMean(servingErrors)];
  const p = pairedTest(candidateErrors, servingErrors, tolerance);
  const worse = p === null ? candidate > (1 + tolerance) * former : p < LEVEL;
  const reason =
    `RMSE ${candidate.toPrecision(4)} against ${former.toPrecision(4)} of ${serving ? `version ${serving.version}` : MEAN}: ` +
    `${worse ? 'more' : 'not shown to be more'} than ${percent(tolerance)} worse ` +
    `(${p === null ? 'too few for a test' : `p = ${p.toPrecision(2)}`}, ${data.rows} held-out rows)`;
  const explained = 1 - (candidate / rootMean(meanErrors)) ** 2;
  const uninformative = serving !== null && serving.explained >= MUCH && explained < LITTLE;
  const useless = !(explained > 0) && !(candidate < former);
  // Few rows: a version that does no better than the mean may look better on those by chance.
  const isUnproven = !useless && !((pairedTest(meanErrors, candidateErrors, 0) ?? 1) < LEVEL);
  return {
    decision: promote === 'gate' ? (worse || useless || uninformative ? 'refused' : 'promoted') : 'not_asked',
    reason:
      (promote === 'gate' ? reason : `promote=${promote}; ${reason}`) +
      (isUnproven ? `; ${data.rows} held-out rows do not show that it predicts better than ${MEAN}` : '') +
      (useless && !worse ? `; it predicts no better than ${MEAN}` : '') +
      (uninformative
        ? `; it explains ${percent(Math.max(0, explained))} of the variance of the targets, while version ${serving.version} explained ` +
          `${percent(serving.explained)} on its own held-out rows: are the targets right?`
        : ''),
    metric: 'rmse',
    candidate,
    serving: Number.isFinite(former) ? former : null,
    serving_version: serving && String(serving.version),
    tolerance,
    p_value: p,
    rows: data.rows,
  };
}

/**
 * Returns the p-value of the one-sided test that the root of the mean of `candidate` is at most (1 + tolerance) times that of
 * `serving`. Both are squared errors `[rows]` of the same rows. Returns null for fewer than two rows.
 *
 * The test is Student's t test of the mean of `candidate - (1 + tolerance)² serving`, paired by row, so that whatever makes a
 * row hard for both cancels out. This is Diebold and Mariano's test of equal accuracy (1995) with Student's distribution
 * (Harvey, Leybourne and Newbold, 1997), and with a tolerance as in tests of non-inferiority by a ratio (Laster and Johnson,
 * 2003). `docs/gate.md` measures its error rates.
 */
export function pairedTest(candidate: Float64Array, serving: Float64Array, tolerance: number): number | null {
  const { length } = candidate;
  if (length < 2) return null;
  const factor = (1 + tolerance) ** 2;
  const differences = candidate.map((error, i) => error - factor * serving[i]!);
  const centre = mean(differences);
  // A version without a finite answer for a row is worse. If it is the serving one, the candidate cannot be worse.
  if (!Number.isFinite(centre)) return centre < 0 ? 1 : 0;
  const variance = (length * mean(differences.map((d) => (d - centre) ** 2))) / (length - 1);
  if (variance === 0) return centre > 0 ? 0 : 1;
  return studentTail(centre / Math.sqrt(variance / length), length - 1);
}

/** Returns `[rows]` squared errors in units of the target; of several targets the mean, each in its standard deviations. */
function squaredErrors(
  { rows, targets }: LabelledRows,
  { scale }: Scaler,
  prediction: (i: number) => number,
): Float64Array {
  const width = scale.length;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let j = 0, i = row * width; j < width; j++, i++) {
      const residual = prediction(i) - targets[i]!;
      sum += (width === 1 ? residual : residual / scale[j]!) ** 2;
    }
    return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum / width;
  });
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Rounds to three significant digits. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function rootMean(squares: Float64Array): number {
  return Math.sqrt(mean(squares));
}

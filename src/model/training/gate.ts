import { type Static, Type } from 'typebox';
import { studentTail } from '../../base/statistics/student-t.js';
import type { Scaler } from '../network/scaler.js';
import type { LabelledRows } from './evaluation.js';

/** What may be asked for: that the gate decides, or that it is not asked and the new version serves, or does not. */
export const PROMOTIONS = ['gate', 'always', 'never'] as const;
export type Promote = (typeof PROMOTIONS)[number];

/** Whether a new version may serve, and why. */
export const Gate = Type.Object({
  decision: Type.Enum(['promoted', 'refused', 'not_asked']),
  reason: Type.String(),
  metric: Type.Literal('rmse', {
    description: 'in units of the target; of several targets, in standard deviations of the training rows',
  }),
  candidate: Type.Number({ description: 'error of the new version on the held-out rows' }),
  serving: Type.Union([Type.Number(), Type.Null()], {
    description: 'error of the version that serves, or of the mean of the training rows; null if it is not finite',
  }),
  serving_version: Type.Union([Type.String(), Type.Null()], { description: 'null: the mean of the training rows' }),
  tolerance: Type.Number(),
  p_value: Type.Union([Type.Number(), Type.Null()], { description: 'null if there are too few rows for a test' }),
  rows: Type.Integer({ description: 'held-out rows' }),
});
export type Gate = Static<typeof Gate>;

/**
 * A refusal is wrong so often at most, if the new version is worse by the tolerance and no more. Equal ones, which the
 * tolerance protects, are refused far less often, and it costs little: what serves is as good. To let a worse one pass
 * costs more. So the level is higher than in a test by which something is to be proved.
 */
export const LEVEL = 0.2;

/**
 * A version that explains less than LITTLE of the variance does not replace one that explained MUCH of that of its own
 * rows: so mixed-up targets look, of which the held-out rows have their share, and on which whatever served is worse.
 */
const LITTLE = 0.2;
const MUCH = 0.5;

const MEAN = 'the mean of the training rows';

/** The version that serves, by its predictions of the held-out rows, `[rows, outputs]`. */
export interface Rival {
  readonly version: number;
  readonly outputs: Float32Array;
  /** Share of the variance of its own held-out rows that it explained. */
  readonly explained: number;
}

export interface GateTerms {
  readonly promote: Promote;
  /** How much worse a version may be and still serve, as a share of the RMSE. */
  readonly tolerance: number;
}

/**
 * Decides on the held-out rows whether a version that predicts them as `outputs` `[rows, outputs]` may serve: it is
 * refused if a paired test shows its RMSE to be above (1 + tolerance) times that of `serving`, or of the mean of the
 * training rows if that is null, and if it explains next to nothing in place of one that explained much. `scaler` is that of the targets: its deviations make one figure of several targets.
 */
export function judge(
  data: LabelledRows,
  outputs: Float32Array,
  scaler: Scaler,
  serving: Rival | null,
  { promote, tolerance }: GateTerms,
): Gate {
  const mine = squaredErrors(data, scaler, (i) => outputs[i]!);
  const ofMean = squaredErrors(data, scaler, (i) => scaler.mean[i % scaler.mean.length]!);
  const theirs = serving ? squaredErrors(data, scaler, (i) => serving.outputs[i]!) : ofMean;
  const [candidate, former] = [rootMean(mine), rootMean(theirs)];
  const p = pairedTest(mine, theirs, tolerance);
  const worse = p === null ? candidate > (1 + tolerance) * former : p < LEVEL;
  const reason =
    `RMSE ${candidate.toPrecision(4)} against ${former.toPrecision(4)} of ${serving ? `version ${serving.version}` : MEAN}: ` +
    `${worse ? 'more' : 'not shown to be more'} than ${percent(tolerance)} worse ` +
    `(${p === null ? 'too few for a test' : `p = ${p.toPrecision(2)}`}, ${data.rows} held-out rows)`;
  const explained = 1 - (candidate / rootMean(ofMean)) ** 2;
  const idle = serving !== null && serving.explained >= MUCH && explained < LITTLE;
  return {
    decision: promote === 'gate' ? (worse || idle ? 'refused' : 'promoted') : 'not_asked',
    reason:
      (promote === 'gate' ? reason : `promote=${promote}; ${reason}`) +
      (idle
        ? `; it explains ${percent(Math.max(0, explained))} of the variance of the targets, version ${serving.version} explained ` +
          `${percent(serving.explained)} of that of its own held-out rows: are the targets right?`
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
 * P of the one-sided test that the root of the mean of `candidate` is at most (1 + tolerance) times that of `serving`,
 * both squared errors of the same rows `[rows]`. Null for fewer than two rows.
 *
 * It is Student's t test of the mean of `candidate - (1 + tolerance)² serving`, paired by row: what makes a row hard
 * for both goes out of the difference. That is Diebold and Mariano's test of equal accuracy (1995) with Student's
 * distribution (Harvey, Leybourne and Newbold, 1997), and a tolerance as in tests of non-inferiority by a ratio
 * (Laster and Johnson, 2003). `docs/gate.md` tells how often it is wrong.
 */
export function pairedTest(candidate: Float64Array, serving: Float64Array, tolerance: number): number | null {
  const { length } = candidate;
  if (length < 2) return null;
  const factor = (1 + tolerance) ** 2;
  const differences = candidate.map((error, i) => error - factor * serving[i]!);
  const centre = mean(differences);
  // Who has no finite answer for a row is worse; if that is what serves, nothing could be.
  if (!Number.isFinite(centre)) return centre < 0 ? 1 : 0;
  const variance = (length * mean(differences.map((d) => (d - centre) ** 2))) / (length - 1);
  if (variance === 0) return centre > 0 ? 0 : 1;
  return studentTail(centre / Math.sqrt(variance / length), length - 1);
}

/** `[rows]`: squared error of each, in units of the target; of several targets the mean, each in its deviations. */
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

/** Rounded to three digits. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function rootMean(squares: Float64Array): number {
  return Math.sqrt(mean(squares));
}

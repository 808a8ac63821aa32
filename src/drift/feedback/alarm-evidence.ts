import { type Static, Type } from 'typebox';
import type { PredictionErrors } from '../../model/baseline/prediction-errors.js';
import { errorsOf } from './error-counts.js';
import { ERROR_TESTS, type ErrorEvidence, type ErrorTest } from './error-tests.js';
import type { TestedErrors } from './error-window.js';

/** The labelled rows that raised an alarm, and how their errors differ from those of the reference. */
export const AlarmEvidence = Type.Object({
  rows: Type.Integer({ description: 'labelled rows of the window' }),
  target: Type.String(),
  test: Type.Enum([...ERROR_TESTS], {
    description:
      'magnitude: errors are larger or smaller; bias: predictions are higher or lower against the targets; range: errors ' +
      'exceed all of the held-out rows',
  }),
  direction: Type.Enum(['higher', 'lower']),
  p_value: Type.Number({ description: 'corrected for the number of tests' }),
  rmse: Type.Number(),
  mae: Type.Number(),
  bias: Type.Number({ description: 'mean of prediction - target' }),
  words: Type.String(),
});
export type AlarmEvidence = Static<typeof AlarmEvidence>;

/** Describes a window whose strongest test has a p-value below `threshold`. */
export function evidenceOf(
  { counts, evidence, strongest, logP }: TestedErrors,
  threshold: number,
  reference: PredictionErrors,
  targets: readonly string[],
): AlarmEvidence {
  const { target, test, shift } = strongest!;
  const level = Math.log(threshold / evidence.length);
  const alarmed = evidence.filter((one) => one.target === target && one.matters && one.logP < level);
  return {
    rows: counts.rows,
    target: targets[target]!,
    test,
    direction: shift > 0 ? 'higher' : 'lower',
    p_value: Math.exp(logP),
    ...errorsOf(counts, target),
    words: `${targets[target]}: ${alarmed.map((one) => WORDS[one.test](one, counts, reference)).join('; ')}`,
  };
}

type Describe = (evidence: ErrorEvidence, counts: TestedErrors['counts'], reference: PredictionErrors) => string;

/** Each says what was tested, then gives the figures, which heavy tails can pull elsewhere. */
const WORDS: Readonly<Record<ErrorTest, Describe>> = {
  magnitude: ({ target, shift }, counts, { targets }) => {
    const [live, held] = [errorsOf(counts, target), targets[target]!];
    const figures = `MAE ${figure(live.mae)} against ${figure(held.mae)}, RMSE ${figure(live.rmse)} against ${figure(held.rmse)}`;
    return `errors are ${shift > 0 ? 'larger' : 'smaller'} than on held-out rows (${figures})`;
  },
  bias: ({ target, shift }, counts, { targets }) => {
    const figures = `mean of prediction - target ${figure(errorsOf(counts, target).bias)} against ${figure(targets[target]!.bias)}`;
    return `predictions are ${shift > 0 ? 'higher' : 'lower'} against the targets than on held-out rows (${figures})`;
  },
  range: ({ target }, { rows, targets: counts }, { targets }) => {
    const { beyond } = counts[target]!;
    return `errors of ${beyond} of ${rows} rows exceed ${figure(targets[target]!.largest)}, the largest on held-out rows`;
  },
};

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

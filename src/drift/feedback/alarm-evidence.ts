import { type Static, Type } from 'typebox';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import { errorsOf } from './error-counts.js';
import { ERROR_TESTS, type ErrorEvidence, type ErrorTest } from './error-tests.js';
import type { TestedErrors } from './error-window.js';

/** The labelled rows that raised an alarm, and how their errors differ from those of the reference. */
export const AlarmEvidence = Type.Object({
  rows: Type.Integer({ description: 'labelled rows of the window' }),
  target: Type.String(),
  test: Type.Enum([...ERROR_TESTS], {
    description:
      'magnitude: errors are larger or smaller; bias: predictions are higher or lower against the targets; range: more ' +
      'errors are as large as the largest of the held-out rows',
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
  range: ({ target }, { rows, targets: counts }, { targets, rows: held }) => {
    const { magnitudes, largest } = targets[target]!;
    const last = counts[target]!.magnitudes.at(-1)!;
    const share = figure((100 * magnitudes.counts.at(-1)!) / held);
    const { beyond } = counts[target]!;
    const more = beyond > 0 ? `, ${beyond} of them larger than any (${figure(largest)})` : '';
    return `errors of ${last} of ${rows} rows are as large as the largest ${share} % on held-out rows${more}`;
  },
};

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';

/** Maximum trials on a card: the best ones. */
export const MAX_CARD_TRIALS = 30;

/** What a trial trains with; what is not here is as the client has asked, or the default. */
const TrialOptions = Type.Object({
  learning_rate: Type.Number(),
  batch_size: Type.Integer(),
  epochs: Type.Integer(),
  patience: Type.Integer(),
  weight_decay: Type.Number({ description: 'share of the weights that a learning rate of 1 takes away at each step' }),
  auxiliary_weight: Type.Number(),
  hidden: Type.Array(Type.Integer(), { description: 'units of each hidden layer' }),
  target_transform: Type.Enum(['auto', 'none', 'log1p']),
  members: Type.Integer({ description: 'networks whose average it is' }),
  hinges: Type.Number({ description: 'share of the first units that start bent at a value of one input' }),
  capped: Type.Boolean({ description: 'the epoch is chosen by residuals of at most 8 robust standard deviations' }),
});
export type TrialOptions = Static<typeof TrialOptions>;

/** A configuration that a search tried, and its error. */
export const TrialReport = Type.Object(
  {
    trial: Type.Integer({ description: 'the first is what trains without a search' }),
    options: TrialOptions,
    state: Type.Enum(['running', 'dropped', 'finished', 'failed', 'unfinished'], {
      description:
        '`dropped`: others were better in its last rung; `finished`: it was compared to the end; `unfinished`: the time was over',
    }),
    rung: Type.Integer({ description: 'the rung that it reached; a rung judges fewer trials, and on more rows' }),
    rows: Type.Integer({ description: 'rows that it has predicted without being trained on them' }),
    error: nullable(
      Type.Number({
        description:
          'root mean squared error of these rows, by the standard deviation of the target; of several, the mean square. ' +
          'An error beyond 8 robust standard deviations of those of the first trial counts as that',
      }),
    ),
    standard_error: nullable(Type.Number({ description: 'of `error`' })),
    seconds: Type.Number({ description: 'of its trainings, one after the other' }),
    message: Type.Optional(Type.String({ description: 'why it failed' })),
  },
  { 'x-schema': 'Trial' },
);
export type TrialReport = Static<typeof TrialReport>;

/** A search for the options of a training. */
export const Search = Type.Object(
  {
    state: Type.Enum(['running', 'finished', 'stopped', 'skipped'], {
      description: '`stopped`: by a client; `skipped`: there was nothing to search, or too little to judge by',
    }),
    reason: Type.String({ description: 'why its state is that, or what was chosen and why' }),
    folds: Type.Integer({ description: 'of a cross-validation; 1 is a split of the training rows' }),
    rungs: Type.Integer(),
    rows: Type.Integer({ description: 'training rows; the held-out rows have no part in the search' }),
    threads: Type.Integer({ description: 'trials that train at once' }),
    seconds: Type.Number(),
    tried: Type.Integer({ description: 'trials; a card names the best ones' }),
    chosen: nullable(Type.Integer({ description: 'the trial whose options train; null while the search runs' })),
    trials: Type.Array(TrialReport),
  },
  { 'x-schema': 'Search' },
);
export type Search = Static<typeof Search>;

/** Shortens a search for a card, to the chosen trial, the first, and the best ones. */
export function searchOnCard(search: Search): Search {
  const { trials, chosen } = search;
  if (trials.length <= MAX_CARD_TRIALS) return search;
  const rank = ({ trial, rung, error }: TrialReport) =>
    trial === chosen || trial === 1 ? Number.NEGATIVE_INFINITY : (error ?? Number.POSITIVE_INFINITY) - 1000 * rung;
  const kept = trials.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_CARD_TRIALS);
  return { ...search, trials: kept.sort((a, b) => a.trial - b.trial) };
}

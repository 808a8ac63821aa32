import { createRandom } from '../../../base/statistics/random.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN } from '../../network/shape.js';
import type { TrialOptions } from '../../versions/search.js';
import { fixedOptions, type TrainingOptions } from '../training-options.js';

/** What a trial changes of the first one. */
type Change = Partial<TrialOptions>;

/**
 * Epochs with a higher learning rate: until the average of the weights finds nothing better for long. A few rows that nothing predicts
 * have no part in it.
 */
const LONG = { epochs: 300, patience: 30, capped: true };

/**
 * Configurations that are worth trying first, in this order: each was the best on some of twelve tables below 3,000 rows, and none
 * on all. Wide layers of hinges at a higher learning rate are better than the default on most. Weight decay flattens hinges: with it,
 * they were no better than without.
 */
const PORTFOLIO: readonly Change[] = [
  { hidden: [64, 64], learning_rate: 0.003, hinges: 0.5, ...LONG },
  { hidden: [64, 64, 64], learning_rate: 0.003, hinges: 0.5, ...LONG },
  { hidden: [64, 64], learning_rate: 0.003, ...LONG },
  { hidden: [64], learning_rate: 0.003, weight_decay: 1, target_transform: 'log1p', ...LONG },
  { hidden: [16], learning_rate: 0.003, weight_decay: 1, ...LONG },
  { hidden: [100, 100], learning_rate: 0.002, ...LONG },
  { learning_rate: 0.003, weight_decay: 0.3, ...LONG },
  { hidden: [64, 64], learning_rate: 0.002, auxiliary_weight: 0.005, batch_size: 64, ...LONG },
];

/** Ranges of the random configurations that follow. */
const LEARNING_RATES = [0.0005, 0.01] as const;
const WEIGHT_DECAYS = [0.01, 3] as const;
const AUXILIARY_WEIGHTS = [0.002, 0.1] as const;
const BATCH_SIZES = [16, 32, 64, 128];
const WIDTHS = [16, 30, 64, 100];
const MAX_DEPTH = 5;
/** Share of the configurations without weight decay. */
const NO_DECAY = 1 / 3;
/** Share of the first units that start as hinges, in half of the configurations. */
const HINGES = 0.5;

/**
 * Yields the configurations to try, without end, the same ones for the same seed. The first is `options`. What a client has set stays.
 * `offersLog` says whether the targets may be learned as logarithms.
 */
export function* configurations(options: TrainingOptions, offersLog: boolean): Generator<TrialOptions> {
  const first = firstTrial(options);
  const fixed = Object.fromEntries(fixedOptions(options).map((name) => [name, first[name as keyof TrialOptions]]));
  const complete = (change: Change): TrialOptions => {
    const { target_transform = 'none', ...rest } = change;
    // A trial of both scales would take three trainings for each.
    const scale = target_transform === 'log1p' && !offersLog ? 'none' : target_transform;
    return { ...first, ...rest, target_transform: scale, ...fixed };
  };
  yield first;
  for (const change of PORTFOLIO) yield complete(change);
  const random = createRandom(options.seed);
  const between = ([low, high]: readonly [number, number]) =>
    Number((low * (high / low) ** random.uniform()).toPrecision(2));
  const oneOf = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
  for (;;) {
    const width = oneOf(WIDTHS);
    yield complete({
      hidden: Array.from({ length: 1 + random.below(MAX_DEPTH) }, () => width),
      learning_rate: between(LEARNING_RATES),
      batch_size: oneOf(BATCH_SIZES),
      weight_decay: random.uniform() < NO_DECAY ? 0 : between(WEIGHT_DECAYS),
      auxiliary_weight: between(AUXILIARY_WEIGHTS),
      target_transform: random.uniform() < 1 / 2 ? 'log1p' : 'none',
      hinges: random.uniform() < 1 / 2 ? HINGES : 0,
      ...LONG,
    });
  }
}

/** Returns what trains without a search. */
export function firstTrial(options: TrainingOptions): TrialOptions {
  const { learning_rate, batch_size, epochs, patience, target_transform } = options;
  return {
    ...{ learning_rate, batch_size, epochs, patience, target_transform },
    weight_decay: 0,
    auxiliary_weight: DEFAULT_AUXILIARY_WEIGHT,
    hidden: [...DEFAULT_HIDDEN],
    members: 1,
    hinges: 0,
    capped: false,
  };
}

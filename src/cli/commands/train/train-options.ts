import { Value } from 'typebox/value';
import {
  type TrainingOptions,
  TrainingOptions as TrainingSchema,
  trainingOptions,
} from '../../../model/training/training-options.js';
import type { Baselines } from '../../../model/versions/baselines.js';
import type { Gate, Promote } from '../../../model/versions/gate-decision.js';
import type { Metrics } from '../../../model/versions/metrics.js';
import { namesIn, type RequestedChoices, tableChoices } from '../../../server/readers/table-choices.js';
import type { ModelOptions } from '../../source/model-options.js';
import { UsageError } from '../../terminal/exit-codes.js';

/** What a person says of a table. */
export interface TableOptions {
  readonly features?: string;
  readonly drop?: string;
  readonly types?: string;
  readonly delimiter?: string;
  readonly decimal?: '.' | ',';
  readonly dates?: 'dmy' | 'mdy' | 'ymd';
}

export interface TrainOptions extends ModelOptions, TableOptions {
  readonly target: string;
  readonly out?: string;
  readonly promote: Promote;
  readonly replace?: boolean;
  readonly epochs?: number;
  readonly patience?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly validationSplit?: number;
  readonly seed?: number;
  readonly trials?: number;
  readonly budgetSeconds?: number;
  readonly members?: number;
  readonly targetTransform?: 'auto' | 'none' | 'log1p';
  readonly json?: boolean;
}

/** What came of a training. */
export interface TrainedVersion {
  /** The store, the directory or the service. */
  readonly where: string;
  /** Null for a directory. */
  readonly model_version: string | null;
  readonly rows: number;
  readonly dropped: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly metrics: Metrics | null;
  /** Null if the service is of an earlier release. */
  readonly baselines: Baselines | null;
  readonly gate: Gate | null;
  /** Whether it is in production. */
  readonly serves: boolean;
}

/** The options of a training by their names in the interface of the service; only those that were given. */
export function givenOptions(options: TrainOptions): Partial<TrainingOptions> {
  const { epochs, patience, batchSize, learningRate, validationSplit, seed, targetTransform } = options;
  const { trials, budgetSeconds, members } = options;
  const all = {
    ...{ epochs, patience, batch_size: batchSize, learning_rate: learningRate },
    ...{ validation_split: validationSplit, seed, target_transform: targetTransform },
    ...{ trials, budget_seconds: budgetSeconds, members },
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<TrainingOptions>;
}

/** Completes the options of a training. Throws a `UsageError` for one that is out of range. */
export function completedOptions(options: TrainOptions): TrainingOptions {
  const completed = trainingOptions(givenOptions(options));
  const [wrong] = Value.Errors(TrainingSchema, completed);
  if (wrong) throw new UsageError(`--${wrong.instancePath.slice(1).replaceAll('_', '-')}: ${wrong.message}`);
  return completed;
}

/** The target columns. Throws `INVALID_REQUEST` for a list that cannot be read. */
export function targetsOf({ target }: Pick<TrainOptions, 'target'>): readonly string[] {
  return namesIn(target, '--target');
}

/** What is said of the table, as the reader takes it. Throws `INVALID_REQUEST`, and a `UsageError` for an unknown delimiter. */
export function choicesOf({ features, drop, types, delimiter, decimal, dates }: TableOptions) {
  const separator = delimiter === '\\t' ? 'tab' : delimiter;
  if (separator !== undefined && ![',', ';', '|', '\t', 'tab'].includes(separator)) {
    throw new UsageError(`--delimiter: expected , ; | or tab, got ${separator}`);
  }
  const given = { features, drop, types, delimiter: separator, decimal, dates };
  return tableChoices(
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as RequestedChoices,
  );
}

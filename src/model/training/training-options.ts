import { type Static, Type } from 'typebox';

export const DEFAULT_TRAINING = {
  epochs: 100,
  batch_size: 32,
  learning_rate: 0.001,
  validation_split: 0.2,
  seed: 42,
  patience: 10,
};

/** The options of a training that a client may set. */
export const TrainingFields = {
  epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: DEFAULT_TRAINING.epochs })),
  batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: DEFAULT_TRAINING.batch_size })),
  learning_rate: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: 10, default: DEFAULT_TRAINING.learning_rate }),
  ),
  /** Share of the rows to hold out for validation. The rows' own content decides which. */
  validation_split: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: DEFAULT_TRAINING.validation_split }),
  ),
  /** Seeds the weights and the order of the rows. */
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295, default: DEFAULT_TRAINING.seed })),
  /** Epochs without a better validation prediction error before training stops. */
  patience: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: DEFAULT_TRAINING.patience })),
};

export const RequestedOptions = Type.Object(TrainingFields);
export type RequestedOptions = Readonly<Static<typeof RequestedOptions>>;

export const TrainingOptions = Type.Required(RequestedOptions);
export type TrainingOptions = Readonly<Static<typeof TrainingOptions>>;

/** Completes a client's options with the defaults. Ignores other keys. */
export function trainingOptions(requested: RequestedOptions): TrainingOptions {
  return {
    epochs: requested.epochs ?? DEFAULT_TRAINING.epochs,
    batch_size: requested.batch_size ?? DEFAULT_TRAINING.batch_size,
    learning_rate: requested.learning_rate ?? DEFAULT_TRAINING.learning_rate,
    validation_split: requested.validation_split ?? DEFAULT_TRAINING.validation_split,
    seed: requested.seed ?? DEFAULT_TRAINING.seed,
    patience: requested.patience ?? DEFAULT_TRAINING.patience,
  };
}

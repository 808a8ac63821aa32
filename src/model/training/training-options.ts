import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

/** The options of a training that a client may set. */
export const TrainingFields = {
  epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 100 })),
  batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 32 })),
  learning_rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10, default: 0.001 })),
  /** Share of the rows to hold out for validation. The rows' own content decides which. */
  validation_split: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.2 })),
  /** Seeds the weights and the order of the rows. */
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295, default: 42 })),
  /** Epochs without a better validation prediction error before training stops. */
  patience: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 10 })),
  /** Learns targets on the scale of their logarithm: `auto` does if they have a long tail. Predictions and errors are in their units. */
  target_transform: Type.Optional(Type.Enum(['auto', 'none', 'log1p'], { default: 'auto' })),
};

const RequestedOptions = Type.Object(TrainingFields);
export const TrainingOptions = Type.Required(RequestedOptions);
export type TrainingOptions = Readonly<Static<typeof TrainingOptions>>;

export const DEFAULT_TRAINING: TrainingOptions = Value.Create(TrainingOptions);

/** What else describes a training. A search varies it; without one, it has the values of `DEFAULT_NETWORK`. */
export interface NetworkOptions {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** Factor of the reconstruction error in the loss. */
  readonly auxiliary_weight: number;
  /**
   * Share of a kernel's weights that a learning rate of 1 would take away at each step, apart from the gradient: Loshchilov and
   * Hutter 2019, Decoupled Weight Decay Regularization.
   */
  readonly weight_decay: number;
  /** Networks of different seeds, whose average is the model. */
  readonly members: number;
  /** Share of the first layer's units that start as hinges: see `startHinges`. */
  readonly hinges: number;
  /** Chooses the epoch by the capped error of the held-out rows: see `residualCaps`. */
  readonly capped: boolean;
}

/** All that a training depends on beside its rows. */
export type Configuration = TrainingOptions & Partial<NetworkOptions>;

/** Completes a client's options with the defaults. Ignores other keys. */
export function trainingOptions(requested: Readonly<Static<typeof RequestedOptions>>): TrainingOptions {
  const names = Object.keys(DEFAULT_TRAINING) as (keyof TrainingOptions)[];
  const completed = names.map((name) => [name, requested[name] ?? DEFAULT_TRAINING[name]]);
  return Object.fromEntries(completed) as TrainingOptions;
}

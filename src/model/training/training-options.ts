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

/** What a client may say of the search for better options. */
export const SearchFields = {
  trials: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description:
        'configurations to try before the training; 1 tries none. By default, tables below 5,000 rows get three, of ' +
        'which as many run as fit into two seconds, unless epochs, batch_size, learning_rate or patience is set',
    }),
  ),
  budget_seconds: Type.Optional(
    Type.Number({ minimum: 0.1, maximum: 86_400, description: 'time of the search, by the clock' }),
  ),
  members: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10,
      description:
        'networks of different seeds, whose average is the version; by default 1, or 3 if a search finds that better',
    }),
  ),
};

const RequestedOptions = Type.Object({ ...TrainingFields, ...SearchFields });
const CompleteOptions = Type.Required(Type.Object(TrainingFields));
export const TrainingOptions = Type.Object({
  ...CompleteOptions.properties,
  ...SearchFields,
  fixed: Type.Optional(
    Type.Array(Type.String(), { description: 'options that the client has set, for a search to keep' }),
  ),
});
export type TrainingOptions = Readonly<Static<typeof TrainingOptions>>;

export const DEFAULT_TRAINING: TrainingOptions = Value.Create(CompleteOptions);

/** The options of a client that a search may change. */
export const SEARCHED = ['epochs', 'batch_size', 'learning_rate', 'patience', 'target_transform'] as const;

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
  const names = Object.keys(CompleteOptions.properties) as (keyof typeof CompleteOptions.properties)[];
  const completed = names.map((name) => [name, requested[name] ?? DEFAULT_TRAINING[name]]);
  const search = Object.keys(SearchFields) as (keyof typeof SearchFields)[];
  const given = search.filter((name) => requested[name] !== undefined).map((name) => [name, requested[name]]);
  const fixed = SEARCHED.filter((name) => requested[name] !== undefined);
  return Object.fromEntries([
    ...completed,
    ...given,
    ...(fixed.length > 0 ? [['fixed', fixed]] : []),
  ]) as TrainingOptions;
}

/** Returns the options that a search keeps: those that the client has set. */
export function fixedOptions(options: TrainingOptions): readonly string[] {
  return options.fixed ?? SEARCHED.filter((name) => options[name] !== DEFAULT_TRAINING[name]);
}

/** Returns those of the options that a client could have set. */
export function requestedPart({
  hidden: _,
  auxiliary_weight: __,
  weight_decay: ___,
  hinges: ____,
  capped: _____,
  ...options
}: Configuration): TrainingOptions {
  return options;
}

/** Returns what a card says of the options: what it trained with, and not how these were found. The network is another field. */
export function onCard(configuration: Configuration) {
  const {
    trials: _,
    budget_seconds: __,
    fixed: ___,
    hidden: ____,
    auxiliary_weight: _____,
    ...options
  } = configuration;
  const { members = 1, weight_decay = 0, hinges = 0, capped = false, ...rest } = options;
  return {
    ...rest,
    ...(weight_decay > 0 && { weight_decay }),
    ...(members > 1 && { members }),
    ...(hinges > 0 && { hinges }),
    ...(capped && { capped }),
  };
}

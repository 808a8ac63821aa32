import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { DomainError } from '../../base/domain-error.js';
import { nullable } from '../../base/json/nullable.js';
import { encodingMismatch } from '../columns/encoding/check-encoding.js';
import { EncodedColumn, inputCount, TargetTransform } from '../columns/encoding/encoding.js';
import type { Scalers } from '../network/predictor.js';
import type { Scaler } from '../network/scaler.js';
import { Baselines } from './baselines.js';
import { columnMismatch } from './card-columns.js';
import { Gate } from './gate-decision.js';
import { Importance, importanceMismatch, MAX_DEPENDENCES, PartialDependence } from './importance.js';
import { EpochSchema, MetricsSchema } from './metrics.js';
import { Search } from './search.js';

const Names = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });
const ScalerSchema = Type.Unsafe<Scaler>(
  Type.Object({
    mean: Type.Array(Type.Number()),
    scale: Type.Array(Type.Number()),
    range: Type.Optional(
      Type.Array(Type.Tuple([Type.Number(), Type.Number()]), {
        description:
          'of the training rows, by feature, if all are plain numbers; a value beyond by 0.5 to 1000 widths counts as 0.5 widths',
      }),
    ),
  }),
);

/** A version's description: everything serving needs besides the weights, and the version's origin. */
export const Card = Type.Object({
  schema: Type.Literal(1),
  created_at: Type.String({ description: 'ISO 8601, UTC' }),
  features: Names,
  targets: Names,
  columns: Type.Optional(
    Type.Array(EncodedColumn, {
      description:
        'the features as they come in, and how they are encoded; none if all are plain numbers, which `scalers` standardises. ' +
        'The inputs of a number, a category, a trend or a cycle have a variance of 1 in total',
    }),
  ),
  target_transforms: Type.Optional(
    Type.Array(TargetTransform, {
      description:
        'the scale on which each target is learned; none if `scalers` standardises all. Errors are in their units',
    }),
  ),
  scalers: Type.Object({ features: ScalerSchema, targets: ScalerSchema }),
  network: Type.Object({
    hidden: Type.Array(Type.Integer({ minimum: 1 })),
    auxiliary_weight: Type.Number(),
  }),
  training: Type.Object({
    engine: Type.String(),
    epochs: Type.Integer(),
    batch_size: Type.Integer(),
    learning_rate: Type.Number(),
    validation_split: Type.Number(),
    seed: Type.Integer(),
    patience: Type.Integer(),
    target_transform: Type.Optional(Type.String()),
    weight_decay: Type.Optional(Type.Number({ description: 'none if 0' })),
    members: Type.Optional(
      Type.Integer({ description: 'networks whose average it is, side by side in the layers; none if 1' }),
    ),
    hinges: Type.Optional(
      Type.Number({ description: 'share of the first units that start bent at a value of one input; none if 0' }),
    ),
    capped: Type.Optional(
      Type.Boolean({ description: 'the epoch was chosen by residuals of at most 8 robust standard deviations' }),
    ),
    best_epoch: Type.Integer(),
    seconds: Type.Number(),
  }),
  data: Type.Object({
    fingerprint: Type.String({ description: 'SHA-256 of the column names and the numbers of all rows kept' }),
    rows: Type.Integer(),
    dropped: Type.Integer(),
    missing: Type.Record(Type.String(), Type.Integer()),
    training_rows: Type.Integer(),
    validation_rows: Type.Integer(),
  }),
  baseline: nullable(
    Type.Object({
      rows: Type.Integer({ description: 'held-out rows that it is made from; 1,000 are recommended' }),
      conditional: Type.Boolean({
        description: 'whether it knows how features depend on each other: from 200 rows on, and 20 for each feature',
      }),
    }),
    { description: 'what drift is measured against; null if there is nothing' },
  ),
  intervals: Type.Optional(
    Type.Object(
      {
        rows: Type.Integer({
          description: 'calibration rows, of a small table all; a level needs level / (1 - level) of them',
        }),
      },
      { description: 'what prediction intervals are made from; older versions have none' },
    ),
  ),
  search: Type.Optional(
    Type.Unsafe<Search>({ ...Search, description: 'how its options were found; none without a search' }),
  ),
  metrics: MetricsSchema,
  baselines: Type.Optional(
    Type.Unsafe<Baselines>({
      ...Baselines,
      description: 'errors of the mean and of a ridge regression on the same rows; older versions have none',
    }),
  ),
  gate: Type.Optional(
    Type.Unsafe<Gate>({
      ...Gate,
      description: 'what the gate said of it when it was trained; older versions have none',
    }),
  ),
  importance: Type.Optional(
    Type.Unsafe<Importance>({
      ...Importance,
      description:
        'permutation importance: how much the error on held-out rows grows when the values of a column are shuffled among them; ' +
        'older versions have none',
    }),
  ),
  partial_dependence: Type.Optional(
    Type.Array(PartialDependence, {
      maxItems: MAX_DEPENDENCES,
      description: 'how the mean prediction depends on the most important columns; older versions have none',
    }),
  ),
  history: Type.Array(EpochSchema),
  software: Type.Record(Type.String(), Type.String()),
  files: Type.Record(Type.String(), Type.Object({ bytes: Type.Integer(), sha256: Type.String() }), {
    description: 'every other file of the version',
  }),
  checksum: Type.String({ description: 'SHA-256 of this card without this field' }),
});
export type Card = Static<typeof Card>;

/** Compiled when first needed: interpreting the schema takes ten times as long for a card with a long history. */
let validator: ReturnType<typeof Compile<typeof Card>> | undefined;

/** Adds the card's own checksum, so that a flipped byte in the card is detected too. */
export function sealCard(card: Omit<Card, 'checksum'>): Card {
  return { ...card, checksum: sha256(JSON.stringify(card)) };
}

/** Parses a card. Throws `INVALID_VERSION` with the place in the card if it is incomplete or was changed. */
export function parseCard(text: string | Uint8Array): Card {
  const value = parseFile('card.json', text);
  validator ??= Compile(Card);
  if (!validator.Check(value)) {
    const [first] = validator.Errors(value);
    throw invalidVersion(`card.json${first?.instancePath ?? ''}: ${first?.message ?? 'invalid'}`);
  }
  const { checksum, ...rest } = value;
  if (sha256(JSON.stringify(rest)) !== checksum) {
    throw invalidVersion('card.json: its checksum does not match; the file was changed');
  }
  const { scalers, features, targets } = value;
  const lengths = [
    [scalers.features, features],
    [scalers.targets, targets],
  ] as const;
  if (lengths.some(([{ mean, scale }, names]) => mean.length !== names.length || scale.length !== names.length)) {
    throw invalidVersion('card.json/scalers: expected one mean and scale per column');
  }
  if (scalers.features.range && scalers.features.range.length !== features.length) {
    throw invalidVersion('card.json/scalers: expected one range per feature');
  }
  const mismatch = columnMismatch(value);
  if (mismatch) throw invalidVersion(`card.json${mismatch}`);
  const { columns, target_transforms: transforms } = value;
  const wrong = columns && encodingMismatch(columns, features, targets.length);
  if (wrong) throw invalidVersion(`card.json/columns${wrong}`);
  if (transforms && transforms.length !== targets.length) {
    throw invalidVersion('card.json/target_transforms: expected one per target');
  }
  const misfit = importanceMismatch(value);
  if (misfit) throw invalidVersion(`card.json${misfit}`);
  return value;
}

/** Returns what a predictor needs of a card beside the network. */
export function scalersOf({ scalers, columns, target_transforms }: Card): Scalers {
  return { ...scalers, ...(columns && { columns }), ...(target_transforms && { transforms: target_transforms }) };
}

/** Returns the number of inputs of a card's network. */
export function inputsOfCard({ features, columns }: Card): number {
  return columns ? inputCount(columns) : features.length;
}

/** Parses a version's file of JSON. Throws `INVALID_VERSION`. */
export function parseFile(name: string, content: string | Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString());
  } catch (cause) {
    throw invalidVersion(`${name}: not JSON`, cause);
  }
}

export function invalidVersion(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_VERSION', message, { cause });
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

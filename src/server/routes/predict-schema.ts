import { type Static, Type } from 'typebox';
import { MAX_LEVEL, MIN_LEVEL } from '../../model/intervals/level.js';
import { ARROW_FILE_TYPE, ARROW_TYPE, CSV_TYPE, JSON_TYPE, PARQUET_TYPE } from '../http/media-types.js';
import { Explanation } from '../service/drift/explanation.js';

const Value = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);

/** Documents the body. A reader checks it, in one pass, with messages that name the place. */
export const PredictBody = Type.Object(
  {
    instances: Type.Array(
      Type.Union([
        Type.Array(Value, { description: 'one value per feature, in feature order' }),
        Type.Record(Type.String(), Type.Unknown(), {
          description: 'one value per feature, by name; other columns are ignored, and counted in `x-ignored-columns`',
        }),
      ]),
      { minItems: 1, description: 'rows, in raw units; null and NaN are missing values', 'x-rows': true },
    ),
  },
  { 'x-schema': 'PredictBody', additionalProperties: false },
);

export const PredictQuery = Type.Object({
  ids: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'store the rows, and return an id under which POST /feedback accepts their targets',
    }),
  ),
  explain: Type.Optional(
    Type.Boolean({ default: false, description: 'add how unusual each row is, and which features make it so' }),
  ),
  interval: Type.Optional(
    Type.Number({
      minimum: MIN_LEVEL,
      maximum: MAX_LEVEL,
      description:
        'add an interval to each prediction, which contains the target with this probability: for rows like those of the training, ' +
        'of 100 such intervals, on average 90 do at 0.9. A level of 0.9 requires 9 calibration rows, one of 0.99 requires 99',
    }),
  ),
});

export const PredictReply = Type.Object(
  {
    predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets], in target units' }),
    reconstruction_error: Type.Array(Type.Number(), {
      description: '[rows]: mean squared residual over the features, in standardised units',
    }),
    model_version: Type.String(),
    intervals: Type.Optional(
      Type.Array(Type.Array(Type.Tuple([Type.Number(), Type.Number()])), {
        description: '[rows, targets], low and high, in target units, if requested',
      }),
    ),
    interval: Type.Optional(Type.Number({ description: 'the level of the intervals, if requested' })),
    explanations: Type.Optional(Type.Array(Explanation, { description: '[rows], if requested' })),
    prediction_id: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'if requested; null if the rows could not be stored' }),
    ),
  },
  { 'x-schema': 'PredictReply' },
);
export type PredictReply = Static<typeof PredictReply>;

const FileContent = {
  schema: Type.Unsafe<Buffer>({
    'x-content': 'binary',
    description:
      'a column per feature, by name, in any order; other columns are ignored; null and NaN are missing values',
  }),
};
export const BodyContent = {
  [JSON_TYPE]: { schema: PredictBody },
  [CSV_TYPE]: {
    schema: Type.String({
      description: 'RFC 4180; a header row with the features, in any order. Other columns are ignored',
    }),
  },
  [ARROW_TYPE]: FileContent,
  [ARROW_FILE_TYPE]: FileContent,
  [PARQUET_TYPE]: FileContent,
};
export const ReplyContent = {
  [JSON_TYPE]: { schema: PredictReply },
  [CSV_TYPE]: {
    schema: Type.String({
      description:
        'a column per target, `<target>_low` and `<target>_high` if an interval is requested, and `reconstruction_error`; `x-model-version`',
    }),
  },
  [ARROW_TYPE]: {
    schema: Type.Unsafe<Buffer>({
      'x-content': 'binary',
      description:
        'a column of float32 per target, `<target>_low` and `<target>_high` if an interval is requested, and `reconstruction_error`; ' +
        '`model_version` in the metadata of the schema',
    }),
  },
};

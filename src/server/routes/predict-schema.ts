import { type Static, Type } from 'typebox';
import { ARROW_TYPE, CSV_TYPE, JSON_TYPE } from '../http/media-types.js';
import { Explanation } from '../service/drift/explanation.js';

/** Documents the body. A reader checks it, in one pass, with messages that name the place. */
export const PredictBody = Type.Object(
  {
    instances: Type.Array(
      Type.Union([
        Type.Array(Type.Number(), { description: 'one number per feature, in feature order' }),
        Type.Record(Type.String(), Type.Number(), { description: 'one number per feature, by name' }),
      ]),
      { minItems: 1, description: 'rows, in raw units' },
    ),
  },
  { $id: 'PredictBody', additionalProperties: false },
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
});

export const PredictReply = Type.Object(
  {
    predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets], in target units' }),
    reconstruction_error: Type.Array(Type.Number(), {
      description: '[rows]: mean squared residual over the features, in standardised units',
    }),
    model_version: Type.String(),
    explanations: Type.Optional(Type.Array(Explanation, { description: '[rows], if requested' })),
    prediction_id: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'if requested; null if the rows could not be stored' }),
    ),
  },
  { $id: 'PredictReply' },
);
export type PredictReply = Static<typeof PredictReply>;

export const BodyContent = {
  [JSON_TYPE]: { schema: PredictBody },
  [CSV_TYPE]: { schema: Type.String({ description: 'RFC 4180; a header row of the features, in any order' }) },
  [ARROW_TYPE]: {
    schema: Type.Unsafe<Buffer>({
      description: 'a column of integers or floats per feature, by name, in any order; null and NaN are missing values',
    }),
  },
};
export const ReplyContent = {
  [JSON_TYPE]: { schema: PredictReply },
  [CSV_TYPE]: {
    schema: Type.String({ description: 'a column per target, and `reconstruction_error`; `x-model-version`' }),
  },
  [ARROW_TYPE]: {
    schema: Type.Unsafe<Buffer>({
      description:
        'a column of float32 per target, and `reconstruction_error`; `model_version` in the metadata of the schema',
    }),
  },
};

import { Type } from 'typebox';
import { Parameters, Predictions, Rows } from '../row-schema.js';

export const TAG = 'tensorflow serving, kserve v1';

const Signature = { signature_name: Type.Optional(Type.String({ default: 'serving_default' })) };
export const PredictRequest = Type.Union(
  [
    Type.Object({ ...Signature, instances: Rows, parameters: Parameters }, { description: 'row format' }),
    Type.Object({ ...Signature, inputs: Rows, parameters: Parameters }, { description: 'columnar format' }),
  ],
  { 'x-schema': 'TensorflowPredictBody', description: 'Also as `{"inputs": [...]}` in place of a row, or of the rows' },
);
export const PredictAnswer = Type.Union(
  [
    Predictions,
    Type.Object({
      outputs: Type.Union([
        Type.Array(Type.Array(Type.Number()), { description: '[rows, targets]' }),
        Type.Record(Type.String(), Type.Array(Type.Number()), {
          description: 'with an interval, `<target>`, `<target>_low` and `<target>_high`, each `[rows]`',
        }),
      ]),
    }),
  ],
  { 'x-schema': 'TensorflowPredictReply' },
);
export const RegressRequest = Type.Object(
  {
    ...Signature,
    context: Type.Optional(Type.Object({}, { description: 'features that all examples share' })),
    examples: Rows,
  },
  { 'x-schema': 'TensorflowRegressBody' },
);
export const RegressAnswer = Type.Object(
  { results: Type.Array(Type.Number(), { description: '[rows]' }) },
  { 'x-schema': 'TensorflowRegressReply' },
);
export const Status = Type.Object(
  {
    name: Type.String(),
    ready: Type.Boolean(),
    model_version_status: Type.Array(
      Type.Object({
        version: Type.String(),
        state: Type.String(),
        status: Type.Object({ error_code: Type.String(), error_message: Type.String() }),
      }),
    ),
  },
  { 'x-schema': 'TensorflowStatus' },
);

import { Type } from 'typebox';
import { MAX_LEVEL, MIN_LEVEL } from '../../../model/intervals/level.js';
import { ErrorReply } from '../../http/errors.js';
import { OUTPUTS } from '../../readers/open-inference-request.js';

export const TAG = 'open inference protocol v2';
/** Route patterns of a model, and of one of its versions. */
export const PATTERNS = ['/v2/models/:name', '/v2/models/:name/versions/:version'] as const;
/** Replies to a request that names no model or version that serves. */
export const PLACE_ERRORS = { 400: ErrorReply, 404: ErrorReply, 501: ErrorReply, 503: ErrorReply };

const IntervalParameters = Type.Optional(
  Type.Object(
    {
      interval: Type.Optional(
        Type.Number({
          minimum: MIN_LEVEL,
          maximum: MAX_LEVEL,
          description: 'adds the outputs `<target>_low` and `<target>_high`, `[rows]`, of intervals of this level',
        }),
      ),
      binary_data_output: Type.Optional(Type.Boolean({ default: false })),
    },
    { additionalProperties: true },
  ),
);

const Parameters = Type.Optional(Type.Object({}, { additionalProperties: true }));

const Tensor = {
  name: Type.String(),
  shape: Type.Array(Type.Integer(), { description: '[rows, columns]' }),
  datatype: Type.String({ description: 'FP32 or another numeric one, BYTES for texts and times, BOOL' }),
  parameters: Parameters,
  data: Type.Optional(
    Type.Array(Type.Unknown(), { description: 'flat or nested, row-major; or binary, behind the JSON' }),
  ),
};

/** Documents the body. A reader checks it, as JSON and as bytes. */
export const InferRequest = Type.Object(
  {
    id: Type.Optional(Type.String()),
    parameters: IntervalParameters,
    inputs: Type.Array(Type.Object(Tensor), {
      description:
        '`inputs`, `[rows, features]` in feature order, for a model of numbers; or an input of `[rows]` for each feature, by name',
      'x-tensors': true,
    }),
    outputs: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.Enum([...OUTPUTS]),
          parameters: Parameters,
        }),
      ),
    ),
  },
  { 'x-schema': 'InferBody' },
);

const InferReply = Type.Object(
  {
    model_name: Type.String(),
    model_version: Type.String(),
    id: Type.Optional(Type.String()),
    outputs: Type.Array(Type.Object({ ...Tensor, data: Type.Optional(Type.Array(Type.Number())) })),
  },
  { 'x-schema': 'InferReply' },
);

const Binary = {
  schema: Type.Unsafe<string>({ 'x-content': 'binary', description: 'JSON, and binary tensors behind it' }),
};
/** Replies of tensors, by content type: binary ones have that of the request. */
export const INFER_REPLIES = {
  'application/json': { schema: InferReply },
  'application/octet-stream': Binary,
  'application/vnd.vertex-ai-triton.binary+json': Binary,
  'application/vnd.sagemaker-triton.binary+json': Binary,
};

const Described = Type.Array(
  Type.Object({ name: Type.String(), datatype: Type.String(), shape: Type.Array(Type.Integer()) }),
);
export const ModelMetadata = Type.Object(
  {
    name: Type.String(),
    versions: Type.Array(Type.String()),
    platform: Type.String(),
    inputs: Described,
    outputs: Described,
  },
  { 'x-schema': 'ModelMetadata' },
);

export const ServerMetadata = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    extensions: Type.Array(Type.String()),
  },
  { 'x-schema': 'ServerMetadata' },
);

const Configured = Type.Array(
  Type.Object({ name: Type.String(), data_type: Type.String(), dims: Type.Array(Type.Integer()) }),
);
export const ModelConfig = Type.Object(
  {
    name: Type.String(),
    platform: Type.String(),
    backend: Type.String(),
    version_policy: Type.Object({ specific: Type.Object({ versions: Type.Array(Type.Integer()) }) }),
    max_batch_size: Type.Integer(),
    input: Configured,
    output: Configured,
  },
  { 'x-schema': 'ModelConfig' },
);

export const Models = Type.Object({ models: Type.Array(Type.String()) });

export const Live = Type.Object({ live: Type.Boolean() });
export const Ready = Type.Object({ live: Type.Boolean(), ready: Type.Boolean() });
export const ModelReady = Type.Object({ name: Type.String(), ready: Type.Boolean() });

export const RepositoryIndex = Type.Array(
  Type.Object({ name: Type.String(), version: Type.String(), state: Type.String(), reason: Type.String() }),
  { 'x-schema': 'RepositoryIndex' },
);

export const Statistics = Type.Object(
  { model_stats: Type.Array(Type.Object({}, { additionalProperties: true })) },
  { 'x-schema': 'ModelStatistics' },
);

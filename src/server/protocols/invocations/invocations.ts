import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import Negotiator from 'negotiator';
import { Type } from 'typebox';
import { DomainError, show } from '../../../base/domain-error.js';
import { takeBytes } from '../../bodies/raw-body.js';
import { charsetOf } from '../../http/charset.js';
import { HttpError } from '../../http/http-error.js';
import { CSV_TYPE, JSON_TYPE } from '../../http/media-types.js';
import type { InferenceReply, InferenceRequest, Parts } from '../../inference/inference-request.js';
import { predictedMatrix, recordText } from '../../inference/interval-reply.js';
import { flat, predictionText, setModelHeaders } from '../../inference/json-reply.js';
import {
  type PredictionInput,
  type PredictionRouteOptions,
  predictionRoute,
} from '../../inference/prediction-route.js';
import { intervalOf } from '../../readers/interval-parameter.js';
import { numpyHeader } from '../../readers/numpy-request.js';
import { vendorType } from '../../readers/open-inference-request.js';
import type { Observation } from '../../service/prediction/prediction-service.js';
import { openInferenceRequest } from '../open-inference/open-inference-request.js';
import { INFER_REPLIES } from '../open-inference/open-inference-schemas.js';
import { Parameters, Predictions, Rows } from '../row-schema.js';
import type { ServedModel } from '../served-model.js';
import { tensorflowInference } from '../tensorflow-serving/tensorflow-inference.js';
import { handleInvocationErrors, INVOCATION_ERRORS, invocationError, TAG } from './invocation-errors.js';

const LINES = ['application/jsonlines', 'application/x-jsonlines', 'application/x-ndjson'];
const FLOATS = 'application/octet-stream';
const NUMPY = 'application/x-npy';
const ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';
type RowForm = 'mlflow' | 'csv' | 'floats' | 'jsonLines' | 'numpy';
const READERS: Readonly<Record<string, RowForm>> = {
  [JSON_TYPE]: 'mlflow',
  [CSV_TYPE]: 'csv',
  ...Object.fromEntries(LINES.map((type) => [type, 'jsonLines'])),
  [FLOATS]: 'floats',
  [NUMPY]: 'numpy',
};
const TYPES = Object.keys(READERS);

const Frame = Type.Object({
  columns: Type.Array(Type.String()),
  data: Type.Array(Type.Array(Type.Unknown()), { description: 'values as in `instances`' }),
});
const Request = Type.Union([
  Type.Object({ dataframe_split: Frame, params: Parameters }),
  Type.Object({ dataframe_records: Rows, params: Parameters }),
  Type.Object({ instances: Rows, params: Parameters }),
  Type.Object({ inputs: Rows, params: Parameters }),
]);
const Text = Type.Unsafe<string>({ type: 'string' });
const TensorflowReply = Type.Union([
  Type.Object({ outputs: Type.Unknown() }),
  Type.Object({ results: Type.Unknown() }),
]);
const { [JSON_TYPE]: tensors, ...binaryTensors } = INFER_REPLIES;
/** Replies by content type, also those of SageMaker's other containers. */
const REPLIES = {
  [JSON_TYPE]: { schema: Type.Union([Predictions, TensorflowReply, tensors.schema]) },
  ...Object.fromEntries([CSV_TYPE, ...LINES].map((type) => [type, { schema: Text }])),
  ...binaryTensors,
  [FLOATS]: {
    schema: Type.Unsafe<string>({ 'x-content': 'binary', description: 'float32, little-endian, or binary tensors' }),
  },
};

type InvocationsRequest = InferenceRequest<RowForm | 'openInference' | 'tensorflow'>;

export interface InvocationsOptions extends PredictionRouteOptions {
  readonly model: ServedModel;
  /** Whether clients of TensorFlow Serving get the predictions of one target as numbers rather than arrays of one. */
  readonly flatten: boolean;
}

/**
 * `POST /invocations`, which MLflow and SageMaker share. The headers decide, in this order: attributes of TensorFlow Serving
 * make it a request to SageMaker's container of that name; Triton's content types, and JSON with tensors, make it one of the Open Inference
 * Protocol; other JSON is MLflow's; JSON Lines, CSV, float32 and NumPy's arrays are rows.
 */
export async function invocations(app: FastifyInstance, options: InvocationsOptions): Promise<void> {
  const { model, flatten } = options;
  takeBytes(app);
  handleInvocationErrors(app);

  predictionRoute(app, options, {
    pattern: '/invocations',
    schema: {
      summary: 'MLflow, SageMaker: predict rows',
      tags: [TAG],
      body: {
        content: {
          [JSON_TYPE]: { schema: Request },
          [CSV_TYPE]: { schema: Text },
          [LINES[0]!]: { schema: Text },
          [FLOATS]: {
            schema: Type.Unsafe<string>({ 'x-content': 'binary', description: 'rows of float32, little-endian' }),
          },
        },
      },
      response: {
        200: { content: REPLIES },
        ...INVOCATION_ERRORS,
        415: { content: { 'text/plain': { schema: Text } } },
      },
    },
    request,
    fastPath: {
      path: () => '/invocations',
      known: [undefined],
      types: LINES,
      errorBody: (error) => invocationError(error, 503),
    },
  });

  function request({ headers, body }: PredictionInput<unknown>): InvocationsRequest {
    const attributes = readAttributes(headers[ATTRIBUTES]?.toString() ?? '');
    const found = requestOf(headers, body, attributes);
    const level = attributes.get('interval');
    // SageMaker has no other place for the parameters of a body that is not JSON.
    return level === undefined ? found : { ...found, interval: intervalOf(level, ATTRIBUTES) };
  }

  function requestOf(headers: IncomingHttpHeaders, body: Buffer, attributes: Attributes): InvocationsRequest {
    const contentType = headers['content-type'];
    const tensorflow = readTensorflow(headers, body, attributes);
    if (tensorflow) return tensorflow;
    if (vendorType(contentType) !== undefined) return openInferenceRequest(model.name, headers, body);
    const type = readType(contentType);
    if (type === JSON_TYPE && hasTensors(body)) return openInferenceRequest(model.name, headers, body);
    const options = type === CSV_TYPE ? { charset: charsetOf(contentType) } : undefined;
    return { reader: READERS[type]!, body, options, write: writer(headers.accept, type) };
  }

  /** Returns undefined without attributes of TensorFlow Serving. */
  function readTensorflow(
    headers: IncomingHttpHeaders,
    body: Buffer,
    attributes: Attributes,
  ): InvocationsRequest | undefined {
    if (![...attributes.keys()].some((name) => name.startsWith('tfs-'))) return undefined;
    const name = attributes.get('tfs-model-name') ?? model.name;
    const version = attributes.get('tfs-model-version');
    const method = attributes.get('tfs-method') ?? 'predict';
    const place = version === undefined ? { name } : { name, version };
    if (method === 'classify') throw new DomainError('NOT_IMPLEMENTED', 'tfs-method: this is a regression model');
    if (method !== 'predict' && method !== 'regress') {
      throw new DomainError('INVALID_REQUEST', `tfs-method: expected predict or regress, got ${show(method)}`);
    }
    const call = tensorflowInference(model, { place, method, body, flatten });
    const type = readType(headers['content-type']);
    const reader = type === JSON_TYPE ? formOf(body) : READERS[type]!;
    if (reader === 'tensorflow') return call;
    // The container makes instances of any other form; what is answered is the same.
    const options = reader === 'csv' ? { charset: charsetOf(headers['content-type']) } : undefined;
    const write: Write = (observation, _requested, reply) => call.write(observation, { columnar: false }, reply);
    return { reader, body, options, write };
  }
}

type Write = (observation: Observation, requested: unknown, reply: InferenceReply) => Parts;

/**
 * Returns what a body of JSON is to SageMaker's container of TensorFlow Serving: its own request if it has one of its keys, objects or
 * lists without commas between them (JSON Lines), or a list.
 */
function formOf(body: Buffer): 'tensorflow' | 'jsonLines' | 'mlflow' {
  const text = body.toString('latin1');
  if (/"(?:instances|inputs|examples)"\s*:/.test(text)) return 'tensorflow';
  if (/[}\]]\s*[[{]/.test(text)) return 'jsonLines';
  return /^\s*\[/.test(text) ? 'mlflow' : 'jsonLines';
}

/** Bytes in which the first tensor of a request says its datatype. */
const MAX_TENSOR_HEAD = 4096;
const TENSOR = /"inputs"\s*:\s*\[\s*\{[^{}]*"datatype"\s*:\s*"(?:BOOL|BYTES|BF16|FP\d+|U?INT\d+)"/;

/** Returns whether a body of JSON has tensors of the Open Inference Protocol, as Triton's container takes them. */
function hasTensors(body: Buffer): boolean {
  const head = body.subarray(0, MAX_TENSOR_HEAD);
  return head.includes('"datatype"') && TENSOR.test(head.toString('latin1'));
}

type Attributes = ReadonlyMap<string, string>;
const NO_ATTRIBUTES: Attributes = new Map();

/** Parses `tfs-model-name=m,tfs-method=predict`. */
function readAttributes(text: string): Attributes {
  if (text === '') return NO_ATTRIBUTES;
  return new Map(
    text.split(',').map((attribute) => {
      const [name = '', ...value] = attribute.split('=');
      return [name.trim(), value.join('=').trim()];
    }),
  );
}

/** Returns the media type of a body: JSON by default. Throws `UNSUPPORTED_MEDIA_TYPE`. */
function readType(header = JSON_TYPE): string {
  if (header === JSON_TYPE) return header;
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  if (!TYPES.includes(type)) {
    throw new HttpError(
      'UNSUPPORTED_MEDIA_TYPE',
      `This predictor only supports the following content types: ${TYPES.join(', ')}. Got ${show(header)}.`,
    );
  }
  // Some clients end the type with a semicolon. A CSV may be in any encoding, which `charsetOf` checks.
  const known = type === CSV_TYPE ? /^(?:charset=|label_size=0$|header=|$)/ : /^(?:charset="?(?:utf-?8|us-ascii)"?)?$/;
  const wrong = parameters.find((parameter) => !known.test(parameter.replaceAll(' ', '')));
  if (wrong !== undefined) {
    throw new HttpError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The only content type parameters are charset=utf-8, and of CSV also label_size=0. Got ${show(wrong)}.`,
    );
  }
  return type;
}

/** Writes the type that the client prefers; at equal preference JSON, or the JSON Lines that it sent. */
function writer(accept: string | undefined, source: string): Write {
  return (observation, _requested, reply) => {
    const { count } = observation;
    const own = LINES.includes(source) ? source : JSON_TYPE;
    // What most clients send needs no negotiation.
    const type = accept === undefined || accept === '*/*' || accept === own ? own : preferred(accept, own);
    setModelHeaders(reply, observation);
    reply.type(type);
    const { intervals } = observation;
    if (type === JSON_TYPE) {
      return intervals ? recordText(observation, intervals) : predictionText('predictions', observation);
    }
    const outputs = predictedMatrix(observation);
    const bytes = new Uint8Array(outputs.buffer, outputs.byteOffset, outputs.byteLength);
    if (type === FLOATS) return [bytes];
    if (type === NUMPY) return [numpyHeader(count, outputs.length / count), bytes];
    return lines(outputs, outputs.length / count, type === CSV_TYPE);
  };
}

/** Returns the type that a client prefers, or `own` at equal preference or if it accepts none of them. */
function preferred(accept: string, own: string): string {
  return new Negotiator({ headers: { accept } }).mediaType([own, ...TYPES.filter((type) => type !== own)]) ?? own;
}

/** Writes a line of numbers per row, in brackets unless it is CSV. */
function* lines(values: Float32Array, width: number, csv: boolean): Generator<string> {
  for (let at = 0; at < values.length; at += width) {
    const row = Array.from(flat(values.subarray(at, at + width))).join('');
    yield `${csv ? row.slice(1, -1) : row}\n`;
  }
}

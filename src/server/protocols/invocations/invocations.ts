import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import Negotiator from 'negotiator';
import { Type } from 'typebox';
import { DomainError, show } from '../../../base/domain-error.js';
import type { FastPath } from '../../fast-path/fast-path.js';
import { HttpError } from '../../http/http-error.js';
import { CSV_TYPE, JSON_TYPE } from '../../http/media-types.js';
import { takeBytes } from '../../http/raw-body.js';
import type { Inference, InferenceReply, InferenceRequest } from '../../inference/inference.js';
import { flat } from '../../inference/matrix-text.js';
import { predictionText } from '../../inference/prediction-text.js';
import { HEADER_LENGTH, hasShortHeader, readHeaderLength, vendorType } from '../../readers/open-inference-request.js';
import type { Observation } from '../../service/prediction/prediction-service.js';
import { writeOpenInference } from '../open-inference/open-inference-reply.js';
import { Rows } from '../row-schema.js';
import type { ServedModel } from '../served-model.js';
import { tensorflowInference } from '../tensorflow-serving/tensorflow-inference.js';
import { handleInvocationErrors, InvocationError } from './invocation-errors.js';

const LINES = ['application/jsonlines', 'application/x-jsonlines', 'application/x-ndjson'];
const FLOATS = 'application/octet-stream';
const ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';
const TYPES = [JSON_TYPE, CSV_TYPE, ...LINES, FLOATS];

const Frame = Type.Object({
  columns: Type.Array(Type.String()),
  data: Type.Array(Type.Array(Type.Number())),
});
const Request = Type.Union([
  Type.Object({ dataframe_split: Frame }),
  Type.Object({ dataframe_records: Rows }),
  Type.Object({ instances: Rows }),
  Type.Object({ inputs: Rows }),
]);
const Predictions = Type.Object({
  predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets]' }),
});
const Text = Type.Unsafe<string>({ type: 'string' });

export interface InvocationsOptions {
  readonly model: ServedModel;
  readonly inference: Inference;
  readonly fastPath: FastPath;
  /** Whether TensorFlow Serving's clients get the predictions of one target as numbers, and not as arrays of one. */
  readonly flatten: boolean;
}

/**
 * `POST /invocations`, which MLflow and SageMaker share: in the order of the headers, a request with TensorFlow Serving's
 * attributes is as for SageMaker's container of that name; Triton's content types are the Open Inference Protocol's; JSON is
 * MLflow's; JSON Lines, CSV and float32 are rows.
 */
export async function invocations(app: FastifyInstance, options: InvocationsOptions): Promise<void> {
  const { model, inference, fastPath, flatten } = options;
  takeBytes(app);
  handleInvocationErrors(app);

  app.post<{ Body: Buffer | undefined }>(
    '/invocations',
    {
      schema: {
        summary: 'MLflow, SageMaker: predict rows',
        tags: ['mlflow, sagemaker'],
        body: {
          content: {
            [JSON_TYPE]: { schema: Request },
            [CSV_TYPE]: { schema: Text },
            [LINES[0]!]: { schema: Text },
            [FLOATS]: {
              schema: Type.Unsafe<string>({ type: 'string', description: 'rows of float32, little-endian' }),
            },
          },
        },
        response: {
          200: Predictions,
          '4xx': InvocationError,
          415: { content: { 'text/plain': { schema: Text } } },
          501: InvocationError,
          503: InvocationError,
        },
      },
      validatorCompiler: () => () => true,
      config: { predicts: true },
    },
    ({ headers, body = Buffer.alloc(0) }, reply) => {
      const tensorflow = readTensorflow(headers, body);
      if (tensorflow) return inference.answer(reply, tensorflow);
      const vendor = vendorType(headers['content-type']);
      if (vendor !== undefined) return answerOpenInference(vendor, headers, body, reply);
      const type = readType(headers['content-type']);
      const write = writer(headers.accept, type);
      if (type === JSON_TYPE) inference.answer(reply, { reader: 'mlflow', body, given: undefined, write });
      else if (type === CSV_TYPE) inference.answer(reply, { reader: 'csv', body, given: undefined, write });
      else if (type === FLOATS)
        inference.answer(reply, { reader: 'floats', body, given: undefined, write, binary: true });
      else inference.answer(reply, { reader: 'jsonLines', body, given: undefined, write });
    },
  );

  fastPath.add('/invocations', {
    route: '/invocations',
    types: LINES,
    answer: (body, headers, reply) => {
      const tensorflow = readTensorflow(headers, body);
      if (tensorflow) return inference.answerSmall(reply, tensorflow);
      const type = headers['content-type']!;
      if (!LINES.includes(type)) {
        const write = writer(headers.accept, JSON_TYPE);
        return inference.answerSmall(reply, { reader: 'mlflow', body, given: undefined, write });
      }
      const write = writer(headers.accept, type);
      return inference.answerSmall(reply, { reader: 'jsonLines', body, given: undefined, write });
    },
  });

  function answerOpenInference(vendor: string, headers: IncomingHttpHeaders, body: Buffer, reply: FastifyReply): void {
    const headerLength = readHeaderLength(headers[HEADER_LENGTH]?.toString(), headers['content-type']);
    inference.answer(reply, {
      reader: 'openInference',
      body,
      given: { headerLength },
      binary: hasShortHeader(headerLength),
      write: (observation, asked) => writeOpenInference(reply, model.name, observation, asked, vendor),
    });
  }

  /** Undefined without TensorFlow Serving's attributes. */
  function readTensorflow(headers: IncomingHttpHeaders, body: Buffer): InferenceRequest<'tensorflow'> | undefined {
    const text = headers[ATTRIBUTES]?.toString() ?? '';
    if (!text.includes('tfs-')) return undefined;
    const attributes = readAttributes(text);
    const name = attributes.get('tfs-model-name') ?? model.name;
    const version = attributes.get('tfs-model-version');
    const method = attributes.get('tfs-method') ?? 'predict';
    const place = version === undefined ? { name } : { name, version };
    if (method === 'classify') throw new DomainError('NOT_IMPLEMENTED', 'tfs-method: this is a regression model');
    if (method !== 'predict' && method !== 'regress') {
      throw new DomainError('INVALID_REQUEST', `tfs-method: expected predict or regress, got ${show(method)}`);
    }
    return tensorflowInference(model, { place, method, body, flatten });
  }
}

/** `tfs-model-name=m,tfs-method=predict`. */
function readAttributes(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').map((attribute) => {
      const [name = '', ...value] = attribute.split('=');
      return [name.trim(), value.join('=').trim()];
    }),
  );
}

/** The media type of a body: JSON, if none is said. Throws `UNSUPPORTED_MEDIA_TYPE`. */
function readType(header: string | undefined): string {
  const [type = '', ...parameters] = (header ?? JSON_TYPE).split(';').map((part) => part.trim().toLowerCase());
  if (!TYPES.includes(type)) {
    throw new HttpError(
      'UNSUPPORTED_MEDIA_TYPE',
      `This predictor only supports the following content types: ${TYPES.join(', ')}. Got ${show(header)}.`,
    );
  }
  const wrong = parameters.find((parameter) => !/^charset="?utf-?8"?$/.test(parameter));
  if (wrong !== undefined) {
    throw new HttpError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The only content type parameter is charset=utf-8. Got ${show(wrong)}.`,
    );
  }
  return type;
}

/** Writes as the client likes it best: JSON, or JSON Lines if it sent them, unless it likes another type better. */
function writer(accept: string | undefined, type: string) {
  return (observation: Observation, _asked: undefined, reply: InferenceReply): Iterable<string | Uint8Array> => {
    const { prediction, count } = observation;
    const own = LINES.includes(type) ? type : JSON_TYPE;
    // What most clients send needs no negotiation.
    const asked = accept === undefined || accept === '*/*' || accept === own ? own : preferred(accept, own);
    reply.type(asked);
    if (asked === JSON_TYPE) return predictionText('predictions', observation);
    const { outputs } = prediction;
    if (asked === FLOATS) return [new Uint8Array(outputs.buffer, outputs.byteOffset, outputs.byteLength)];
    return lines(outputs, outputs.length / count, asked === CSV_TYPE);
  };
}

/** The type that a client likes best, `own` if it likes several alike, or none of them. */
function preferred(accept: string, own: string): string {
  return new Negotiator({ headers: { accept } }).mediaType([own, ...TYPES.filter((type) => type !== own)]) ?? own;
}

/** A line of numbers a row, in brackets unless it is CSV. */
function* lines(values: Float32Array, width: number, csv: boolean): Generator<string> {
  for (let at = 0; at < values.length; at += width) {
    const row = Array.from(flat(values.subarray(at, at + width))).join('');
    yield `${csv ? row.slice(1, -1) : row}\n`;
  }
}

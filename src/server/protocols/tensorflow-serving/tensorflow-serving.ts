import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import type { FastPath } from '../../fast-path/fast-path.js';
import { ErrorReply } from '../../http/errors.js';
import { JSON_TYPE } from '../../http/media-types.js';
import { takeBytes } from '../../http/raw-body.js';
import type { Inference } from '../../inference/inference.js';
import type { TensorflowGiven } from '../../readers/tensorflow-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';
import { Rows } from '../row-schema.js';
import type { ModelPlace, ServedModel } from '../served-model.js';
import { tensorflowInference } from './tensorflow-inference.js';
import { tensorflowMetadata } from './tensorflow-metadata.js';

/** A model, and a version of it by number or by label, in a path: `::` is a colon. */
const MODEL = '/v1/models/:name([^/:]+)';
const VERSION = `${MODEL}/versions/:version(\\d+)`;
const PLACES = [MODEL, VERSION, `${MODEL}/labels/:label([^/:]+)`] as const;

const Signature = { signature_name: Type.Optional(Type.String({ default: 'serving_default' })) };
const PredictRequest = Type.Union(
  [
    Type.Object({ ...Signature, instances: Rows }, { description: 'row format' }),
    Type.Object({ ...Signature, inputs: Rows }, { description: 'columnar format' }),
  ],
  { description: 'Also as `{"inputs": [...]}` in place of a row, or of the rows' },
);
const Predictions = Type.Array(Type.Array(Type.Number()), { description: '[rows, targets]' });
const PredictAnswer = Type.Union([Type.Object({ predictions: Predictions }), Type.Object({ outputs: Predictions })]);
const RegressRequest = Type.Object({
  ...Signature,
  context: Type.Optional(Type.Object({}, { description: 'features that all examples share' })),
  examples: Rows,
});
const RegressAnswer = Type.Object({ results: Type.Array(Type.Number(), { description: '[rows]' }) });
const Status = Type.Object({
  name: Type.String(),
  ready: Type.Boolean(),
  model_version_status: Type.Array(
    Type.Object({
      version: Type.String(),
      state: Type.String(),
      status: Type.Object({ error_code: Type.String(), error_message: Type.String() }),
    }),
  ),
});
const Errors = { '4xx': ErrorReply, 501: ErrorReply, 503: ErrorReply };

export interface TensorflowServingOptions {
  readonly model: ServedModel;
  readonly inference: Inference;
  readonly fastPath: FastPath;
  /** Whether the predictions of a model with one target are numbers, and not arrays of one. */
  readonly flatten: boolean;
}

type Request = FastifyRequest<{ Params: ModelPlace; Body: Buffer | undefined }>;

/** TensorFlow Serving's REST interface, and KServe's V1 where it is the same: one URL serves both. */
export async function tensorflowServing(app: FastifyInstance, options: TensorflowServingOptions): Promise<void> {
  const { model, inference, fastPath, flatten } = options;
  // Its clients send any content type, or none.
  takeBytes(app);
  // As the original answers everything: without the charset that Fastify adds.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.header('content-type', JSON_TYPE);
    done(null, payload);
  });
  const tags = ['tensorflow serving, kserve v1'];
  const validatorCompiler = () => () => true;

  function infer(method: TensorflowGiven['method']) {
    const answer = (place: ModelPlace, body: Buffer, reply: FastifyReply): void =>
      inference.answer(reply, tensorflowInference(model, { place, method, body, flatten }));
    return ({ params, body = Buffer.alloc(0) }: Request, reply: FastifyReply): void => {
      if (params.label === undefined) {
        answer(params, body, reply);
        // From the first request to its path on: only versions that served have one.
        if (params.version !== undefined) answerAhead({ ...params }, method);
      } else
        model
          .resolve(params)
          .then((place) => answer(place, body, reply))
          .catch((error) => reply.send(error));
    };
  }

  answerAhead({ name: model.name }, 'predict');
  answerAhead({ name: model.name }, 'regress');
  function answerAhead(place: ModelPlace, method: TensorflowGiven['method']): void {
    const { name, version } = place;
    const path = `/v1/models/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${version}`}`;
    fastPath.add(`${path}:${method}`, {
      route: `${version === undefined ? MODEL : VERSION}::${method}`,
      answer: (body, _headers, reply) => {
        reply.charset = '';
        inference.answerSmall(reply, tensorflowInference(model, { place, method, body, flatten }));
      },
    });
  }
  for (const place of PLACES) {
    app.post(
      `${place}::predict`,
      {
        schema: {
          summary: 'TensorFlow Serving, KServe V1: predict rows',
          tags,
          body: PredictRequest,
          response: { 200: PredictAnswer, ...Errors },
        },
        validatorCompiler,
        config: { predicts: true },
      },
      infer('predict'),
    );
    app.post(
      `${place}::regress`,
      {
        schema: {
          summary: 'TensorFlow Serving: predict rows of named values',
          tags,
          body: RegressRequest,
          response: { 200: RegressAnswer, ...Errors },
        },
        validatorCompiler,
        config: { predicts: true },
      },
      infer('regress'),
    );
    app.post(
      `${place}::classify`,
      {
        schema: { summary: 'TensorFlow Serving: not for a regression model', tags, response: { 501: ErrorReply } },
        config: { predicts: true },
      },
      () => {
        throw new DomainError('NOT_IMPLEMENTED', 'classify: this is a regression model; use predict or regress');
      },
    );
    app.get<{ Params: ModelPlace }>(
      place,
      {
        schema: {
          summary: 'TensorFlow Serving: status of a model; KServe V1: readiness',
          tags,
          response: { 200: Status, ...Errors },
        },
        config: { predicts: true },
      },
      async ({ params }) => {
        const { version } = await versionOf(params);
        return {
          name: model.name,
          ready: true,
          model_version_status: [
            { version: String(version), state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
          ],
        };
      },
    );
    app.get<{ Params: ModelPlace }>(
      `${place}/metadata`,
      {
        schema: {
          summary: 'TensorFlow Serving: signatures of a model',
          tags,
          response: { 200: Type.Any(), ...Errors },
        },
      },
      async ({ params }) => tensorflowMetadata(model.name, await versionOf(params)),
    );
  }

  app.all('/v1/models/*', { schema: { hide: true } }, ({ method, url }) => {
    throw new DomainError('INVALID_REQUEST', `Malformed request: ${method} ${url.replace(/\?.*/, '').slice(0, 200)}`);
  });

  async function versionOf(params: ModelPlace): Promise<Serving> {
    const place = params.label === undefined ? params : await model.resolve(params);
    const serving = model.find(place);
    if (serving) return serving;
    const { name, version } = place;
    throw new DomainError(
      'VERSION_NOT_FOUND',
      name === model.name && version !== undefined
        ? `Could not find version ${version} of model ${name}`
        : `Could not find any versions of model ${name}`,
    );
  }
}

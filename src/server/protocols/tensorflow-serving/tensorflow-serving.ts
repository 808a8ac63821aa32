import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { takeBytes } from '../../bodies/raw-body.js';
import { ErrorReply } from '../../http/errors.js';
import { JSON_TYPE } from '../../http/media-types.js';
import { operation } from '../../http/operation.js';
import {
  type FastPathRule,
  type PredictionInput,
  type PredictionRouteOptions,
  predictionRoute,
} from '../../inference/prediction-route.js';
import type { TensorflowReaderOptions } from '../../readers/tensorflow-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';
import type { ModelPlace, ServedModel } from '../served-model.js';
import { tensorflowInference } from './tensorflow-inference.js';
import { tensorflowMetadata } from './tensorflow-metadata.js';
import { PredictAnswer, PredictRequest, RegressAnswer, RegressRequest, Status, TAG } from './tensorflow-schemas.js';

/** Patterns of a model, and of its versions by number and by label. In a pattern, `::` is a colon. */
const MODEL = '/v1/models/:name([^/:]+)';
const VERSION = `${MODEL}/versions/:version(\\d+)`;
const LABEL = `${MODEL}/labels/:label([^/:]+)`;

const Errors = { 400: ErrorReply, 404: ErrorReply, 501: ErrorReply, 503: ErrorReply };

/** The methods that predict. */
const METHODS = [
  {
    method: 'predict',
    summary: 'TensorFlow Serving, KServe V1: predict rows',
    body: PredictRequest,
    response: { 200: PredictAnswer, ...Errors },
  },
  {
    method: 'regress',
    summary: 'TensorFlow Serving: predict rows of named values',
    body: RegressRequest,
    response: { 200: RegressAnswer, ...Errors },
  },
] as const;

export interface TensorflowServingOptions extends PredictionRouteOptions {
  readonly model: ServedModel;
  /** Whether the predictions of a model with one target are numbers rather than arrays of one. */
  readonly flatten: boolean;
}

/** TensorFlow Serving's REST interface, and KServe's V1 where it is the same: one URL serves both. */
export async function tensorflowServing(app: FastifyInstance, options: TensorflowServingOptions): Promise<void> {
  const { model, flatten } = options;
  // Clients send any content type, or none.
  takeBytes(app);
  // TensorFlow Serving sends no charset, which Fastify adds.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.header('content-type', JSON_TYPE);
    done(null, payload);
  });

  function infer(method: TensorflowReaderOptions['method']) {
    return ({ params, body }: PredictionInput<ModelPlace>) => {
      const requestAt = (place: ModelPlace) => tensorflowInference(model, { place, method, body, flatten });
      return params.label === undefined ? requestAt(params) : model.resolve(params).then(requestAt);
    };
  }

  /** A label may move to another version at any time. */
  function fastPath(pattern: string, method: TensorflowReaderOptions['method']): FastPathRule<ModelPlace> | undefined {
    if (pattern === LABEL) return undefined;
    const path = ({ name, version }: ModelPlace) =>
      `/v1/models/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${version}`}:${method}`;
    return { path, known: pattern === MODEL ? [{ name: model.name }] : [], charset: false };
  }

  for (const place of [MODEL, VERSION, LABEL]) {
    for (const { method, ...schema } of METHODS) {
      predictionRoute<ModelPlace>(app, options, {
        pattern: `${place}::${method}`,
        schema: { tags: [TAG], ...schema },
        request: infer(method),
        fastPath: fastPath(place, method),
      });
    }
    app.post(
      `${place}::classify`,
      operation(TAG, 'TensorFlow Serving: not for a regression model', {
        response: { 501: ErrorReply },
        config: { scope: 'predict', quiet: true, readOnlySafe: true },
      }),
      () => {
        throw new DomainError('NOT_IMPLEMENTED', 'classify: this is a regression model; use predict or regress');
      },
    );
    app.get<{ Params: ModelPlace }>(
      place,
      operation(TAG, 'TensorFlow Serving: status of a model; KServe V1: readiness', {
        response: { 200: Status, ...Errors },
        config: { scope: 'read', quiet: true },
      }),
      async ({ params }) => {
        const { version } = await versionOf(params);
        const status = { error_code: 'OK', error_message: '' };
        return {
          name: model.name,
          ready: true,
          model_version_status: [{ version: String(version), state: 'AVAILABLE', status }],
        };
      },
    );
    app.get<{ Params: ModelPlace }>(
      `${place}/metadata`,
      operation(TAG, 'TensorFlow Serving: signatures of a model', {
        response: { 200: Type.Any(), ...Errors },
        config: { scope: 'read' },
      }),
      async ({ params }) => tensorflowMetadata(model.name, await versionOf(params)),
    );
  }

  const refuse = ({ method, url }: FastifyRequest) => {
    throw new DomainError('INVALID_REQUEST', `Malformed request: ${method} ${url.replace(/\?.*/, '').slice(0, 200)}`);
  };
  // Before a byte of the body is read.
  app.all('/v1/models/*', { schema: { hide: true }, config: { scope: 'open' }, onRequest: refuse }, refuse);

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

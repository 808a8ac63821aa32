import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, show } from '../../../base/domain-error.js';
import { packageVersion } from '../../../base/node/package-version.js';
import type { FastPath } from '../../fast-path/fast-path.js';
import { ErrorReply, sendError } from '../../http/errors.js';
import type { HttpError } from '../../http/http-error.js';
import { takeBytes } from '../../http/raw-body.js';
import type { Inference, InferenceRequest } from '../../inference/inference.js';
import {
  HEADER_LENGTH,
  hasShortHeader,
  INPUT,
  readHeaderLength,
  vendorType,
} from '../../readers/open-inference-request.js';
import type { PredictionService, Serving } from '../../service/prediction/prediction-service.js';
import type { ModelPlace, ServedModel } from '../served-model.js';
import { InferenceStatistics } from './inference-statistics.js';
import { writeOpenInference } from './open-inference-reply.js';
import {
  InferReply,
  InferRequest,
  Live,
  ModelMetadata,
  ModelReady,
  Ready,
  ServerMetadata,
  Statistics,
} from './open-inference-schemas.js';

export interface OpenInferenceOptions {
  readonly model: ServedModel;
  readonly service: PredictionService;
  readonly inference: Inference;
  readonly fastPath: FastPath;
}

type Request = FastifyRequest<{ Params: ModelPlace; Body: Buffer | undefined }>;

/** The Open Inference Protocol V2 over REST, with the extensions for binary tensors and statistics. */
export async function openInference(app: FastifyInstance, options: OpenInferenceOptions): Promise<void> {
  const { model, service, inference, fastPath } = options;
  const tags = ['open inference protocol v2'];
  const statistics = new Map<number, InferenceStatistics>();
  takeBytes(app);

  app.setErrorHandler((error: Error, request, reply) => {
    const { code } = error as Partial<HttpError>;
    return sendError(code === 'UNSUPPORTED_ENCODING' ? unsupported(error.message) : error, request, reply);
  });

  for (const path of ['/v2', '/v2/']) {
    app.get(
      path,
      {
        schema: {
          summary: 'Open Inference Protocol: the server',
          tags,
          hide: path === '/v2/',
          response: { 200: ServerMetadata },
        },
      },
      async () => ({
        name: 'reconstruction-regressor',
        version: packageVersion(),
        extensions: ['binary_tensor_data', 'model_repository', 'statistics'],
      }),
    );
  }
  app.get(
    '/v2/health/live',
    {
      schema: { summary: 'Open Inference Protocol: whether the process answers', tags, response: { 200: Live } },
      config: { predicts: true },
    },
    async () => ({ live: true }),
  );
  app.get(
    '/v2/health/ready',
    {
      schema: {
        summary: 'Open Inference Protocol: whether a model serves',
        tags,
        response: { 200: Ready, 503: ErrorReply },
      },
      config: { predicts: true },
    },
    async () => ({ live: true, ready: service.ready.version > 0 }),
  );
  app.get(
    '/v2/models/stats',
    {
      schema: { summary: 'Open Inference Protocol: statistics', tags, response: { 200: Statistics, 503: ErrorReply } },
    },
    async () => describeStatistics(service.serving),
  );

  fastPath.add(`/v2/models/${encodeURIComponent(model.name)}/infer`, {
    route: '/v2/models/:name/infer',
    answer: (body, headers, reply) => inference.answerSmall(reply, requestOf(service.serving, headers, body)),
  });
  for (const place of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    const errors = { 400: ErrorReply, 404: ErrorReply, 501: ErrorReply, 503: ErrorReply };
    app.get<{ Params: ModelPlace }>(
      place,
      {
        schema: {
          summary: 'Open Inference Protocol: inputs and outputs',
          tags,
          response: { 200: ModelMetadata, ...errors },
        },
      },
      async ({ params }) => describeModel(await servingAt(params)),
    );
    app.get<{ Params: ModelPlace }>(
      `${place}/ready`,
      {
        schema: {
          summary: 'Open Inference Protocol: whether it serves',
          tags,
          response: { 200: ModelReady, ...errors },
        },
        config: { predicts: true },
      },
      async ({ params }) => {
        await servingAt(params);
        return { name: model.name, ready: service.ready.version > 0 };
      },
    );
    app.get<{ Params: ModelPlace }>(
      `${place}/stats`,
      { schema: { summary: 'Open Inference Protocol: statistics', tags, response: { 200: Statistics, ...errors } } },
      async ({ params }) => describeStatistics(await servingAt(params)),
    );
    app.post<{ Params: ModelPlace; Body: Buffer | undefined }>(
      `${place}/infer`,
      {
        schema: {
          summary: 'Open Inference Protocol: predict rows',
          tags,
          body: InferRequest,
          response: { 200: InferReply, ...errors, 413: ErrorReply },
        },
        validatorCompiler: () => () => true,
        config: { predicts: true },
        onResponse: (_request, reply, done) => {
          const serving = service.servingIfReady;
          if (serving && reply.statusCode >= 400) statisticsOf(serving.version).failed(reply.elapsedTime);
          done();
        },
      },
      infer,
    );
  }

  // Not async: one row is computed in the time that a promise takes.
  function infer({ params, headers, body = Buffer.alloc(0) }: Request, reply: FastifyReply): void {
    const serving = model.find(params);
    if (!serving) {
      refuse(params).catch((error) => reply.send(error));
      return;
    }
    inference.answer(reply, requestOf(serving, headers, body));
  }

  /** Throws `INVALID_REQUEST`. */
  function requestOf(
    { version }: Serving,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): InferenceRequest<'openInference'> {
    const contentType = headers['content-type'];
    const headerLength = readHeaderLength(headers[HEADER_LENGTH]?.toString(), contentType);
    return {
      reader: 'openInference',
      body,
      given: { headerLength },
      binary: hasShortHeader(headerLength),
      write: (observation, asked, reply) =>
        writeOpenInference(reply, model.name, observation, asked, vendorType(contentType)),
      timed: (rows, times) => statisticsOf(version).succeeded(rows, times),
    };
  }

  async function servingAt(place: ModelPlace): Promise<Serving> {
    return model.find(place) ?? refuse(place);
  }

  /** Throws `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, or `NOT_READY` for a version that there is, but that does not serve. */
  async function refuse(place: ModelPlace): Promise<never> {
    const { name, version } = place;
    if (name !== model.name) {
      throw new DomainError('MODEL_NOT_FOUND', `Request for unknown model: ${show(name)} is not found`);
    }
    if (await model.has(place)) {
      throw new DomainError('NOT_READY', `version ${version} of model ${show(name)} does not serve; it can be loaded`);
    }
    throw new DomainError(
      'VERSION_NOT_FOUND',
      `Request for unknown model: ${show(name)} has no version ${show(version)}`,
    );
  }

  function statisticsOf(version: number): InferenceStatistics {
    let known = statistics.get(version);
    if (!known) {
      // Of versions that do not serve any more, nobody can ask.
      statistics.clear();
      known = new InferenceStatistics();
      statistics.set(version, known);
    }
    return known;
  }

  function describeStatistics({ version }: Serving): { model_stats: object[] } {
    return { model_stats: [statisticsOf(version).describe(model.name, version)] };
  }

  function describeModel({ version, card: { features, targets } }: Serving): object {
    const tensor = (name: string, ...columns: number[]) => ({ name, datatype: 'FP32', shape: [-1, ...columns] });
    return {
      name: model.name,
      versions: [String(version)],
      platform: 'tensorflowjs_layers',
      inputs: [tensor(INPUT, features.length)],
      outputs: [
        tensor('predictions', targets.length),
        tensor('reconstruction_error'),
        tensor('reconstruction', features.length),
      ],
    };
  }
}

/** A compression that is not known is a 415 elsewhere, and by this protocol's servers a 501. */
function unsupported(message: string): DomainError {
  return new DomainError('NOT_IMPLEMENTED', message);
}

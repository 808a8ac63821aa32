import type { FastifyInstance } from 'fastify';
import { packageVersion } from '../../../base/node/package-version.js';
import { ErrorReply } from '../../http/errors.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import type { ServedModel } from '../served-model.js';
import type { StatisticsByVersion } from './inference-statistics.js';
import { Live, Ready, ServerMetadata, Statistics, TAGS } from './open-inference-schemas.js';

export interface ServerRoutesOptions {
  readonly model: ServedModel;
  readonly service: PredictionService;
  readonly statistics: StatisticsByVersion;
}

/** The routes of the server as a whole: metadata, health, and the statistics of all models. */
export function serverRoutes(app: FastifyInstance, { model, service, statistics }: ServerRoutesOptions): void {
  for (const path of ['/v2', '/v2/']) {
    app.get(
      path,
      {
        schema: {
          summary: 'Open Inference Protocol: the server',
          tags: TAGS,
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
      schema: {
        summary: 'Open Inference Protocol: whether the process answers',
        tags: TAGS,
        response: { 200: Live },
      },
      config: { quiet: true },
    },
    async () => ({ live: true }),
  );
  app.get(
    '/v2/health/ready',
    {
      schema: {
        summary: 'Open Inference Protocol: whether a model serves',
        tags: TAGS,
        response: { 200: Ready, 503: ErrorReply },
      },
      config: { quiet: true },
    },
    async () => ({ live: true, ready: service.ready.version > 0 }),
  );
  app.get(
    '/v2/models/stats',
    {
      schema: {
        summary: 'Open Inference Protocol: statistics',
        tags: TAGS,
        response: { 200: Statistics, 503: ErrorReply },
      },
    },
    async () => statistics.describe(model.name, service.serving.version),
  );
}

import type { FastifyInstance } from 'fastify';
import { packageVersion } from '../../../base/node/package-version.js';
import { ErrorReply } from '../../http/errors.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { described } from '../described.js';
import type { ServedModel } from '../served-model.js';
import type { InferenceStatistics } from './inference-statistics.js';
import { Live, Ready, ServerMetadata, Statistics, TAG } from './open-inference-schemas.js';

export interface ServerRoutesOptions {
  readonly model: ServedModel;
  readonly service: PredictionService;
  readonly statistics: InferenceStatistics;
}

const NOT_READY = { 503: ErrorReply };

/** The routes of the server as a whole: metadata, health, and the statistics of all models. */
export function serverRoutes(app: FastifyInstance, { model, service, statistics }: ServerRoutesOptions): void {
  for (const path of ['/v2', '/v2/']) {
    app.get(
      path,
      described(TAG, 'Open Inference Protocol: the server', { 200: ServerMetadata }, { hide: path === '/v2/' }),
      async () => ({
        name: 'reconstruction-regressor',
        version: packageVersion(),
        extensions: ['binary_tensor_data', 'model_repository', 'statistics'],
      }),
    );
  }
  app.get(
    '/v2/health/live',
    described(TAG, 'Open Inference Protocol: whether the process answers', { 200: Live }, { quiet: true }),
    async () => ({ live: true }),
  );
  app.get(
    '/v2/health/ready',
    described(TAG, 'Open Inference Protocol: whether a model serves', { 200: Ready, ...NOT_READY }, { quiet: true }),
    async () => ({ live: true, ready: service.ready.version > 0 }),
  );
  app.get(
    '/v2/models/stats',
    described(TAG, 'Open Inference Protocol: statistics', { 200: Statistics, ...NOT_READY }),
    async () => statistics.describe(model.name, service.serving.version),
  );
}

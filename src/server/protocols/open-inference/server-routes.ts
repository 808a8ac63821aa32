import type { FastifyInstance } from 'fastify';
import { packageVersion } from '../../../base/node/package-version.js';
import { ErrorReply } from '../../http/errors.js';
import { operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import type { ServedModel } from '../served-model.js';
import type { InferenceStatistics } from './inference-statistics.js';
import { Live, Models, Ready, ServerMetadata, Statistics, TAG } from './open-inference-schemas.js';

export interface ServerRoutesOptions {
  readonly model: ServedModel;
  readonly service: PredictionService;
  readonly statistics: InferenceStatistics;
  /** Maximum rows of a request. */
  readonly maxRows: number;
}

const NOT_READY = { 503: ErrorReply };

/** The routes of the server as a whole: metadata, health, and the statistics of all models. */
export function serverRoutes(app: FastifyInstance, { model, service, statistics }: ServerRoutesOptions): void {
  for (const path of ['/v2', '/v2/']) {
    app.get(
      path,
      operation(TAG, 'Open Inference Protocol: the server', {
        response: { 200: ServerMetadata },
        hide: path === '/v2/',
        config: { scope: 'read' },
      }),
      async () => ({
        name: 'reconstruction-regressor',
        version: packageVersion(),
        extensions: ['binary_tensor_data', 'model_configuration', 'model_repository', 'statistics'],
      }),
    );
  }
  app.get(
    '/v2/health/live',
    operation(TAG, 'Open Inference Protocol: whether the process answers', {
      response: { 200: Live },
      config: { scope: 'health', quiet: true },
    }),
    async () => ({ live: true }),
  );
  app.get(
    '/v2/health/ready',
    operation(TAG, 'Open Inference Protocol: whether a model serves', {
      response: { 200: Ready, ...NOT_READY },
      config: { scope: 'health', quiet: true },
    }),
    async () => ({ live: true, ready: service.ready.version > 0 }),
  );
  app.get(
    '/v2/models',
    operation(TAG, "KServe's extension of the Open Inference Protocol: the models", {
      response: { 200: Models },
      config: { scope: 'read' },
    }),
    async () => ({ models: service.servingIfReady ? [model.name] : [] }),
  );
  app.get(
    '/v2/models/stats',
    operation(TAG, 'Open Inference Protocol: statistics', {
      response: { 200: Statistics, ...NOT_READY },
      config: { scope: 'read' },
    }),
    async () => statistics.describe(model.name, service.serving.version),
  );
}

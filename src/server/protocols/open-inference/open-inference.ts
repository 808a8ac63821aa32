import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import { takeBytes } from '../../bodies/raw-body.js';
import { sendError } from '../../http/errors.js';
import { HttpError } from '../../http/http-error.js';
import { type InferRoutesOptions, inferRoutes } from './infer-routes.js';
import { InferenceStatistics } from './inference-statistics.js';
import { modelRoutes } from './model-routes.js';
import { serverRoutes } from './server-routes.js';

export type OpenInferenceOptions = Omit<InferRoutesOptions, 'statistics'>;

/** The Open Inference Protocol V2 over REST, with the extensions for binary tensors and statistics. */
export async function openInference(app: FastifyInstance, options: OpenInferenceOptions): Promise<void> {
  const statistics = new InferenceStatistics();
  takeBytes(app);
  // Servers of this protocol answer an unknown compression with a 501; elsewhere it is a 415.
  app.setErrorHandler((error: Error, request, reply) => {
    const isUnsupported = error instanceof HttpError && error.code === 'UNSUPPORTED_ENCODING';
    return sendError(isUnsupported ? new DomainError('NOT_IMPLEMENTED', error.message) : error, request, reply);
  });
  serverRoutes(app, { ...options, statistics });
  modelRoutes(app, { ...options, statistics });
  inferRoutes(app, { ...options, statistics });
}

import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { InferenceRequest } from '../../inference/inference-request.js';
import { type PredictionRouteOptions, predictionRoute } from '../../inference/prediction-route.js';
import type { ModelPlace } from '../served-model.js';
import { openInferenceRequest } from './open-inference-request.js';
import { INFER_REPLIES, InferRequest, PATTERNS, PLACE_ERRORS, TAG } from './open-inference-schemas.js';
import { refusePlace } from './refuse-place.js';
import type { ServerRoutesOptions } from './server-routes.js';

export type InferRoutesOptions = ServerRoutesOptions & PredictionRouteOptions;

/** The routes that predict. */
export function inferRoutes(app: FastifyInstance, options: InferRoutesOptions): void {
  const { model, service, statistics } = options;
  for (const pattern of PATTERNS) {
    predictionRoute<ModelPlace>(app, options, {
      pattern: `${pattern}/infer`,
      schema: {
        summary: 'Open Inference Protocol: predict rows',
        tags: [TAG],
        body: InferRequest,
        response: { 200: { content: INFER_REPLIES }, ...PLACE_ERRORS },
      },
      onFailed: (milliseconds) => {
        const serving = service.servingIfReady;
        if (serving) statistics.failed(serving.version, milliseconds);
      },
      request: ({ params, headers, body }) => {
        const serving = model.find(params);
        return serving ? requestOf(serving.version, headers, body) : refusePlace(model, params);
      },
      fastPath: {
        path: ({ name, version }) =>
          `/v2/models/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${version}`}/infer`,
        known: pattern === PATTERNS[0] ? [{ name: model.name }] : [],
      },
    });
  }

  function requestOf(version: number, headers: IncomingHttpHeaders, body: Buffer): InferenceRequest<'openInference'> {
    return openInferenceRequest(model.name, headers, body, (rows, times) => statistics.succeeded(version, rows, times));
  }
}

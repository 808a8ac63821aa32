import type { FastifyInstance } from 'fastify';
import { operation } from '../../http/operation.js';
import { INPUT } from '../../readers/open-inference-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';
import type { ModelPlace } from '../served-model.js';
import { ModelMetadata, ModelReady, PATTERNS, PLACE_ERRORS, Statistics, TAG } from './open-inference-schemas.js';
import { refusePlace } from './refuse-place.js';
import type { ServerRoutesOptions } from './server-routes.js';

/** The routes of a model, or of one of its versions: metadata, readiness and statistics. */
export function modelRoutes(app: FastifyInstance, { model, service, statistics }: ServerRoutesOptions): void {
  const servingAt = async (place: ModelPlace): Promise<Serving> => model.find(place) ?? refusePlace(model, place);

  for (const pattern of PATTERNS) {
    app.get<{ Params: ModelPlace }>(
      pattern,
      operation(TAG, 'Open Inference Protocol: inputs and outputs', {
        response: { 200: ModelMetadata, ...PLACE_ERRORS },
      }),
      async ({ params }) => describe(model.name, await servingAt(params)),
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/ready`,
      operation(TAG, 'Open Inference Protocol: whether it serves', {
        response: { 200: ModelReady, ...PLACE_ERRORS },
        config: { quiet: true },
      }),
      async ({ params }) => {
        await servingAt(params);
        return { name: model.name, ready: service.ready.version > 0 };
      },
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/stats`,
      operation(TAG, 'Open Inference Protocol: statistics', { response: { 200: Statistics, ...PLACE_ERRORS } }),
      async ({ params }) => statistics.describe(model.name, (await servingAt(params)).version),
    );
  }
}

function describe(name: string, { version, card: { features, targets } }: Serving): object {
  return {
    name,
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

function tensor(name: string, ...columns: number[]): object {
  return { name, datatype: 'FP32', shape: [-1, ...columns] };
}

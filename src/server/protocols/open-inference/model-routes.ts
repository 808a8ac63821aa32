import type { FastifyInstance } from 'fastify';
import { INPUT } from '../../readers/open-inference-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';
import { described } from '../described.js';
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
      described(TAG, 'Open Inference Protocol: inputs and outputs', { 200: ModelMetadata, ...PLACE_ERRORS }),
      async ({ params }) => describe(model.name, await servingAt(params)),
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/ready`,
      described(
        TAG,
        'Open Inference Protocol: whether it serves',
        { 200: ModelReady, ...PLACE_ERRORS },
        { quiet: true },
      ),
      async ({ params }) => {
        await servingAt(params);
        return { name: model.name, ready: service.ready.version > 0 };
      },
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/stats`,
      described(TAG, 'Open Inference Protocol: statistics', { 200: Statistics, ...PLACE_ERRORS }),
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

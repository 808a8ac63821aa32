import type { FastifyInstance } from 'fastify';
import { DATATYPES } from '../../../model/columns/datatypes.js';
import { isNumeric } from '../../../model/tables/row-model.js';
import { operation } from '../../http/operation.js';
import { INPUT } from '../../readers/open-inference-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';
import type { ModelPlace } from '../served-model.js';
import {
  ModelConfig,
  ModelMetadata,
  ModelReady,
  PATTERNS,
  PLACE_ERRORS,
  Statistics,
  TAG,
} from './open-inference-schemas.js';
import { refusePlace } from './refuse-place.js';
import type { ServerRoutesOptions } from './server-routes.js';

/** The routes of a model, or of one of its versions: metadata, readiness, statistics and configuration. */
export function modelRoutes(app: FastifyInstance, { model, service, statistics, maxRows }: ServerRoutesOptions): void {
  const servingAt = async (place: ModelPlace): Promise<Serving> => model.find(place) ?? refusePlace(model, place);

  for (const pattern of PATTERNS) {
    app.get<{ Params: ModelPlace }>(
      pattern,
      operation(TAG, 'Open Inference Protocol: inputs and outputs', {
        response: { 200: ModelMetadata, ...PLACE_ERRORS },
        config: { scope: 'read' },
      }),
      async ({ params }) => describe(model.name, await servingAt(params)),
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/ready`,
      operation(TAG, 'Open Inference Protocol: whether it serves', {
        response: { 200: ModelReady, ...PLACE_ERRORS },
        config: { scope: pattern === PATTERNS[0] ? 'health' : 'read', quiet: true },
      }),
      async ({ params }) => {
        await servingAt(params);
        return { name: model.name, ready: service.ready.version > 0 };
      },
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/stats`,
      operation(TAG, 'Open Inference Protocol: statistics', {
        response: { 200: Statistics, ...PLACE_ERRORS },
        config: { scope: 'read' },
      }),
      async ({ params }) => statistics.describe(model.name, (await servingAt(params)).version),
    );
    app.get<{ Params: ModelPlace }>(
      `${pattern}/config`,
      operation(TAG, "Triton's extension of the Open Inference Protocol: the configuration", {
        response: { 200: ModelConfig, ...PLACE_ERRORS },
        config: { scope: 'read' },
      }),
      async ({ params }) => configure(model.name, await servingAt(params), maxRows),
    );
  }
}

/** Describes a model as Triton's configuration does: dimensions are those of one row, and what the service decides itself is left out. */
function configure(name: string, serving: Serving, maxRows: number): object {
  const { inputs, outputs } = describe(name, serving);
  const typed = ({ name: tensorName, datatype, shape }: Tensor) => ({
    name: tensorName,
    data_type: datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`,
    dims: shape.length > 1 ? shape.slice(1) : [1],
  });
  return {
    name,
    platform: 'tensorflowjs_layers',
    backend: '',
    version_policy: { specific: { versions: [serving.version] } },
    max_batch_size: maxRows,
    input: inputs.map(typed),
    output: outputs.map(typed),
  };
}

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

function describe(name: string, { version, card }: Serving) {
  const { features, targets } = card;
  const predicted = [tensor('predictions', 'FP32', targets.length), tensor('reconstruction_error', 'FP32')];
  const model = { name, versions: [String(version)], platform: 'tensorflowjs_layers' };
  if (isNumeric(card)) {
    const { length: width } = features;
    const outputs = [...predicted, tensor('reconstruction', 'FP32', width)];
    return { ...model, inputs: [tensor(INPUT, 'FP32', width)], outputs };
  }
  return {
    ...model,
    inputs: card.columns!.map((column) => tensor(column.name, DATATYPES[column.type], 1)),
    outputs: predicted,
  };
}

function tensor(name: string, datatype: string, ...columns: number[]): Tensor {
  return { name, datatype, shape: [-1, ...columns] };
}

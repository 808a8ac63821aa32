import { DomainError } from '../../../base/domain-error.js';
import { JSON_TYPE } from '../../http/media-types.js';
import type { InferenceRequest } from '../../inference/inference-request.js';
import { columnText, recordText } from '../../inference/interval-reply.js';
import { predictionText, resultText, setModelHeaders } from '../../inference/json-reply.js';
import type { TensorflowReaderOptions } from '../../readers/tensorflow-request.js';
import type { ModelPlace, ServedModel } from '../served-model.js';

/** A request of a client of TensorFlow Serving, whatever its path. */
export interface TensorflowCall extends TensorflowReaderOptions {
  readonly place: ModelPlace;
  readonly body: Buffer;
  /** Whether the predictions of one target are numbers rather than arrays of one. */
  readonly flatten: boolean;
}

/**
 * Returns how a request is read and answered. Throws `MODEL_NOT_FOUND` if another version serves, `NOT_READY`, and
 * `INVALID_REQUEST` for the `regress` of a model with several targets.
 */
export function tensorflowInference(
  model: ServedModel,
  { place, method, body, flatten }: TensorflowCall,
): InferenceRequest<'tensorflow'> {
  const serving = model.find(place);
  if (!serving) throw unknownServable(place);
  const { length: targets } = serving.card.targets;
  if (method === 'regress' && targets > 1) {
    throw new DomainError('INVALID_REQUEST', `regress: the model has ${targets} targets, and not one; use predict`);
  }
  return {
    reader: 'tensorflow',
    body,
    options: { method },
    write: (observation, { columnar }, reply) => {
      setModelHeaders(reply, observation);
      reply.type(JSON_TYPE);
      if (method === 'regress') return resultText(observation);
      const { intervals } = observation;
      if (intervals) return columnar ? columnText(observation, intervals) : recordText(observation, intervals);
      return predictionText(columnar ? 'outputs' : 'predictions', observation, flatten);
    },
  };
}

function unknownServable({ name, version }: ModelPlace): DomainError {
  const servable = version === undefined ? `Latest(${name})` : `Specific(${name}, ${version})`;
  return new DomainError('MODEL_NOT_FOUND', `Servable not found for request: ${servable}`);
}

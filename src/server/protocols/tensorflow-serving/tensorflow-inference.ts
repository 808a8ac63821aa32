import { DomainError } from '../../../base/domain-error.js';
import { JSON_TYPE } from '../../http/media-types.js';
import type { InferenceRequest } from '../../inference/inference.js';
import { predictionText, resultText } from '../../inference/prediction-text.js';
import type { TensorflowGiven } from '../../readers/tensorflow-request.js';
import type { ModelPlace, ServedModel } from '../served-model.js';

/** What a client of TensorFlow Serving asks, at whichever path it may. */
export interface TensorflowQuestion extends TensorflowGiven {
  readonly place: ModelPlace;
  readonly body: Buffer;
  /** Whether the predictions of one target are numbers, and not arrays of one. */
  readonly flatten: boolean;
}

/**
 * How it is read and answered. Throws `MODEL_NOT_FOUND` if another version serves, `NOT_READY`, and `INVALID_REQUEST` for
 * the `regress` of a model with several targets.
 */
export function tensorflowInference(
  model: ServedModel,
  { place, method, body, flatten }: TensorflowQuestion,
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
    given: { method },
    write: (observation, { columnar }, reply) => {
      reply.type(JSON_TYPE);
      return method === 'regress'
        ? resultText(observation)
        : predictionText(columnar ? 'outputs' : 'predictions', observation, flatten);
    },
  };
}

function unknownServable({ name, version }: ModelPlace): DomainError {
  const servable = version === undefined ? `Latest(${name})` : `Specific(${name}, ${version})`;
  return new DomainError('MODEL_NOT_FOUND', `Servable not found for request: ${servable}`);
}

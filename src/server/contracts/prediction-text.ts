import { DomainError } from '../../model/domain-error.js';
import type { Observation } from '../service.js';
import { enclosed, flat, nested } from './matrix-text.js';

/** `{"predictions":[[1],[2]]}`, or under another key, in parts; with `flatten` the numbers of one target are in no arrays. */
export function predictionText(
  key: 'predictions' | 'outputs',
  { prediction: { outputs }, count }: Observation,
  flatten = false,
): Iterable<string> {
  const width = outputs.length / count;
  return enclosed(`{"${key}":`, flatten && width === 1 ? flat(outputs) : nested(outputs, width), '}');
}

/** `{"results":[1,2]}`, in parts. Throws `INVALID_REQUEST` if the model has several targets. */
export function resultText({ prediction: { outputs }, count, serving }: Observation): Iterable<string> {
  if (outputs.length !== count) {
    const { length } = serving.card.targets;
    throw new DomainError('INVALID_REQUEST', `regress: the model has ${length} targets, and not one; use predict`);
  }
  return enclosed('{"results":', flat(outputs), '}');
}

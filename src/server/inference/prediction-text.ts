import type { Observation } from '../service/prediction/prediction-service.js';
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

/** `{"results":[1,2]}`, in parts, of a model with one target. */
export function resultText({ prediction: { outputs } }: Observation): Iterable<string> {
  return enclosed('{"results":', flat(outputs), '}');
}

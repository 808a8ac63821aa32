import { NumberWriter } from '../../base/json/number-writer.js';
import type { Observation } from '../service/prediction/prediction-service.js';

const writer = new NumberWriter();

/** Predictions as CSV (RFC 4180), in parts of at most `some` rows: a column per target, and `reconstruction_error`. */
export function* csvReplyParts({ count, prediction, serving }: Observation, some: number): Generator<string> {
  const { targets } = serving.card;
  const { outputs, errors } = prediction;
  const width = targets.length;
  yield `${[...targets, 'reconstruction_error'].map(quoted).join(',')}\r\n`;
  for (let from = 0; from < count; from += some) {
    for (let row = from; row < Math.min(count, from + some); row++) {
      for (let j = 0; j < width; j++) writer.number(outputs[row * width + j]!).word(',');
      writer.number(errors[row]!).word('\r\n');
    }
    yield writer.take();
  }
}

function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

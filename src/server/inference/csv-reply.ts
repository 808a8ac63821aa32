import { NumberWriter } from '../../base/json/number-writer.js';
import { intervalNames } from '../../model/intervals/interval-names.js';
import type { Observation } from '../service/prediction/prediction-service.js';
import { chunks, NUMBERS_PER_PART } from './json-reply.js';

const writer = new NumberWriter();

/**
 * Writes predictions as CSV (RFC 4180), in parts: a column per target, two for its interval if requested, and
 * `reconstruction_error`.
 */
export function* csvReplyParts({ count, prediction, serving, intervals }: Observation): Generator<string> {
  const { targets } = serving.card;
  const { outputs, errors } = prediction;
  const width = targets.length;
  yield `${[...targets, ...(intervals ? intervalNames(targets).flat() : []), 'reconstruction_error'].map(quoted).join(',')}\r\n`;
  for (const [from, to] of chunks(count, width, NUMBERS_PER_PART)) {
    for (let row = from; row < to; row++) {
      for (let j = 0; j < width; j++) writer.number(outputs[row * width + j]!).word(',');
      if (intervals) {
        for (let at = row * width; at < (row + 1) * width; at++) {
          writer.number(intervals.low[at]!).word(',').number(intervals.high[at]!).word(',');
        }
      }
      writer.number(errors[row]!).word('\r\n');
    }
    yield writer.take();
  }
}

function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

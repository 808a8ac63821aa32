import { NumberWriter } from '../../base/json/number-writer.js';
import type { Observation } from '../service/prediction/prediction-service.js';

const writer = new NumberWriter();

/** The JSON of a `PredictReply`, written as text at once: no array per row, no second walk over the numbers. */
export function predictReply({ count, prediction, serving }: Observation): string {
  const { outputs, errors } = prediction;
  const width = outputs.length / count;
  writer.word('{"predictions":[');
  writeRows(outputs, width, 0, count);
  writer.word('],"reconstruction_error":[');
  writeErrors(errors, 0, count);
  return writer.word(`],"model_version":"${serving.version}"}`).take();
}

/** The same text in parts of at most `some` rows, but for the last brace; with the explanations that `explained` gives, if it is there. */
export function* predictReplyParts(
  { count, prediction, serving }: Observation,
  some: number,
  explained?: (from: number, to: number) => readonly unknown[],
): Generator<string> {
  const { outputs, errors } = prediction;
  const width = outputs.length / count;
  yield '{"predictions":[';
  for (let from = 0; from < count; from += some) {
    writeRows(outputs, width, from, Math.min(count, from + some));
    yield writer.take();
  }
  yield '],"reconstruction_error":[';
  for (let from = 0; from < count; from += some) {
    writeErrors(errors, from, Math.min(count, from + some));
    yield writer.take();
  }
  yield `],"model_version":"${serving.version}"`;
  if (explained) {
    yield ',"explanations":[';
    for (let from = 0; from < count; from += some) {
      const text = JSON.stringify(explained(from, Math.min(count, from + some))).slice(1, -1);
      yield from > 0 ? `,${text}` : text;
    }
    yield ']';
  }
}

function writeRows(outputs: Float32Array, width: number, from: number, to: number): void {
  for (let row = from, at = from * width; row < to; row++) {
    writer.word(row > 0 ? ',[' : '[');
    for (let j = 0; j < width; j++, at++) {
      if (j > 0) writer.word(',');
      writer.number(outputs[at]!);
    }
    writer.word(']');
  }
}

function writeErrors(errors: Float32Array, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    if (row > 0) writer.word(',');
    writer.number(errors[row]!);
  }
}

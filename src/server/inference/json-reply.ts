import { NumberWriter } from '../../base/json/number-writer.js';
import type { Observation } from '../service/prediction/prediction-service.js';
import type { InferenceReply } from './inference-request.js';

/** Numbers written per part, between two of which the event loop may turn. */
export const NUMBERS_PER_PART = 4096;

/** Of all replies in JSON. Its content is taken before the event loop may turn. */
export const writer = new NumberWriter();

/** A field of a reply: its key, and the parts of its value. */
export type Field = readonly [key: string, value: Iterable<string>];

/** Writes the JSON of a `PredictReply`, with `more` fields at its end. */
export function predictReply(observation: Observation, more: readonly Field[] = []): Iterable<string> {
  const { outputs } = observation.prediction;
  return more.length > 0 || outputs.length > NUMBERS_PER_PART
    ? predictReplyParts(observation, more)
    : [smallPredictReply(observation)];
}

/** One string, because parts cost more than its numbers. */
function smallPredictReply({ count, prediction, serving }: Observation): string {
  const { outputs, errors } = prediction;
  writer.word('{"predictions":[');
  writeRows(outputs, outputs.length / count, 0, count);
  writer.word('],"reconstruction_error":[');
  writeNumbers(errors, 0, count);
  return writer.word(`],"model_version":"${serving.version}"}`).take();
}

function* predictReplyParts({ count, prediction, serving }: Observation, more: readonly Field[]): Generator<string> {
  const { outputs, errors } = prediction;
  yield '{"predictions":';
  yield* nested(outputs, outputs.length / count);
  yield ',"reconstruction_error":';
  yield* flat(errors.subarray(0, count));
  yield `,"model_version":"${serving.version}"`;
  for (const [key, value] of more) {
    yield `,"${key}":`;
    yield* value;
  }
  yield '}';
}

/**
 * Writes `{"predictions":[[1],[2]]}`, or the same under another key. With `flatten`, the predictions of one target are
 * numbers rather than arrays of one.
 */
export function predictionText(
  key: 'predictions' | 'outputs',
  observation: Observation,
  flatten = false,
): Iterable<string> {
  const { prediction, count } = observation;
  const { outputs } = prediction;
  const width = outputs.length / count;
  return enclosed(`{"${key}":`, flatten && width === 1 ? flat(outputs) : nested(outputs, width), '}');
}

/** Writes `{"results":[1,2]}` for a model with one target. */
export function resultText({ prediction: { outputs } }: Observation): Iterable<string> {
  return enclosed('{"results":', flat(outputs), '}');
}

/** Sets the headers of replies whose format has no fields for the model's version and the mean reconstruction error. */
export function setModelHeaders(reply: InferenceReply, { prediction: { errors }, count, serving }: Observation): void {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += errors[i]!;
  reply.header('x-model-version', String(serving.version));
  reply.header('x-reconstruction-error', String(Math.fround(sum / count)));
}

/** Writes `[[1,2],[3,4]]`: the JSON of a row-major matrix of finite float32. */
function nested(values: Float32Array, width: number): Iterable<string> {
  return parts(values.length / width, width, (from, to) => writeRows(values, width, from, to));
}

/** Writes `[1,2,3,4]`: the JSON of the numbers alone. */
export function flat(values: Float32Array): Iterable<string> {
  return parts(values.length, 1, (from, to) => writeNumbers(values, from, to));
}

/** Writes an array of `count` elements. One of few numbers has one part, because a generator costs more than they do. */
export function parts(count: number, width: number, write: (from: number, to: number) => void): Iterable<string> {
  if (count * width > NUMBERS_PER_PART) return manyParts(count, width, write);
  writer.word('[');
  write(0, count);
  return [writer.word(']').take()];
}

function* manyParts(count: number, width: number, write: (from: number, to: number) => void): Generator<string> {
  yield '[';
  for (const [from, to] of chunks(count, width, NUMBERS_PER_PART)) {
    write(from, to);
    yield writer.take();
  }
  yield ']';
}

/** Returns ranges of rows, each of at most `numbers` numbers, and of at least one row. */
export function* chunks(rows: number, width: number, numbers: number): Generator<readonly [from: number, to: number]> {
  const size = Math.max(1, Math.floor(numbers / width));
  for (let from = 0; from < rows; from += size) yield [from, Math.min(rows, from + size)];
}

function writeRows(values: Float32Array, width: number, from: number, to: number): void {
  for (let row = from, at = from * width; row < to; row++) {
    writer.word(row > 0 ? ',[' : '[');
    for (let j = 0; j < width; j++, at++) {
      if (j > 0) writer.word(',');
      writer.number(values[at]!);
    }
    writer.word(']');
  }
}

function writeNumbers(values: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (i > 0) writer.word(',');
    writer.number(values[i]!);
  }
}

/** Returns the parts with text before and behind them. */
export function enclosed(before: string, texts: Iterable<string>, behind: string): Iterable<string> {
  return Array.isArray(texts) ? [before, ...texts, behind] : lateEnclosed(before, texts, behind);
}

function* lateEnclosed(before: string, texts: Iterable<string>, behind: string): Generator<string> {
  yield before;
  yield* texts;
  yield behind;
}

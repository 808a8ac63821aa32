import { intervalNames } from '../../model/intervals/interval-names.js';
import type { Observation } from '../service/prediction/prediction-service.js';
import { enclosed, type Field, flat, parts, writer } from './json-reply.js';

/** Numbers of a row with the bounds of a target. */
const OF_A_TARGET = 3;

/** Returns the fields of the prediction intervals, if the observation has any: `[rows, targets, 2]`, and their level. */
export function intervalFields({ intervals, count }: Observation): Field[] {
  if (!intervals) return [];
  const { low, high, level } = intervals;
  const width = low.length / count;
  const pairs = parts(count, 2 * width, (from, to) => {
    for (let row = from, at = from * width; row < to; row++) {
      writer.word(row > 0 ? ',[' : '[');
      for (let j = 0; j < width; j++, at++) {
        writer
          .word(j > 0 ? ',[' : '[')
          .number(low[at]!)
          .word(',')
          .number(high[at]!)
          .word(']');
      }
      writer.word(']');
    }
  });
  return [
    ['intervals', pairs],
    ['interval', [String(level)]],
  ];
}

/** Writes `{"predictions":[{"y":1,"y_low":0,"y_high":2}]}`, for protocols whose replies have no place but the predictions. */
export function recordText(observation: Observation, { low, high }: Bounds): Iterable<string> {
  const { count, prediction, serving } = observation;
  const { targets } = serving.card;
  const { outputs } = prediction;
  const width = targets.length;
  const keys = namesOf(targets).map((names, j) =>
    names.map((name, k) => `${j + k > 0 ? ',' : ''}${JSON.stringify(name)}:`),
  );
  const records = parts(count, OF_A_TARGET * width, (from, to) => {
    for (let row = from, at = from * width; row < to; row++) {
      writer.word(row > 0 ? ',{' : '{');
      for (let j = 0; j < width; j++, at++) {
        const [ofValue, ofLow, ofHigh] = keys[j]!;
        writer.word(ofValue!).number(outputs[at]!).word(ofLow!).number(low[at]!).word(ofHigh!).number(high[at]!);
      }
      writer.word('}');
    }
  });
  return enclosed('{"predictions":', records, '}');
}

/** Writes `{"outputs":{"y":[1],"y_low":[0],"y_high":[2]}}`: the same by column. */
export function* columnText(observation: Observation, { low, high }: Bounds): Generator<string> {
  const { prediction, serving } = observation;
  let opening = '{"outputs":{';
  for (const [j, names] of namesOf(serving.card.targets).entries()) {
    for (const [k, values] of [prediction.outputs, low, high].entries()) {
      yield `${opening}${JSON.stringify(names[k])}:`;
      yield* flat(columnOf(values, j, observation));
      opening = ',';
    }
  }
  yield '}}';
}

type Bounds = NonNullable<Observation['intervals']>;

function namesOf(targets: readonly string[]): string[][] {
  const bounds = intervalNames(targets);
  return targets.map((target, j) => [target, ...bounds[j]!]);
}

/** Copies the column of target `j` of a matrix `[rows, targets]`. */
export function columnOf(values: Float32Array, j: number, { count, serving }: Observation): Float32Array {
  const width = serving.card.targets.length;
  const column = new Float32Array(count);
  for (let row = 0; row < count; row++) column[row] = values[row * width + j]!;
  return column;
}

/** Returns the predictions `[rows, targets]`, with intervals `[rows, 3 targets]`: those of a row, then its bounds, low and high, by target. */
export function predictedMatrix({ prediction: { outputs }, intervals, count }: Observation): Float32Array {
  if (!intervals) return outputs;
  const width = outputs.length / count;
  const matrix = new Float32Array(OF_A_TARGET * outputs.length);
  for (let row = 0, from = 0, to = 0; row < count; row++, to += OF_A_TARGET * width) {
    for (let j = 0; j < width; j++, from++) {
      matrix[to + j] = outputs[from]!;
      matrix[to + width + 2 * j] = intervals.low[from]!;
      matrix[to + width + 2 * j + 1] = intervals.high[from]!;
    }
  }
  return matrix;
}

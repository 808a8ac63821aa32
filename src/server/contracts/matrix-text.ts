import { NumberWriter } from '../number-writer.js';

/** Numbers that are written before somebody else may have a turn. */
const SOME = 4096;

const writer = new NumberWriter();

/** `[[1,2],[3,4]]`: the JSON of a row-major matrix of finite float32, in parts. */
export function* nested(values: Float32Array, width: number): Generator<string> {
  writer.word('[');
  for (let at = 0; at < values.length; ) {
    writer.word(at > 0 ? ',[' : '[');
    for (let j = 0; j < width; j++, at++) {
      if (j > 0) writer.word(',');
      writer.number(values[at]!);
    }
    writer.word(']');
    if (at % SOME < width) yield writer.take();
  }
  yield writer.word(']').take();
}

/** `[1,2,3,4]`: the JSON of its numbers alone, in parts. */
export function* flat(values: Float32Array): Generator<string> {
  writer.word('[');
  for (let at = 0; at < values.length; at++) {
    if (at > 0) {
      writer.word(',');
      if (at % SOME === 0) yield writer.take();
    }
    writer.number(values[at]!);
  }
  yield writer.word(']').take();
}

import { NumberWriter } from '../../base/json/number-writer.js';

/** Numbers that are written before somebody else may have a turn. */
const SOME = 4096;

const writer = new NumberWriter();

/** `[[1,2],[3,4]]`: the JSON of a row-major matrix of finite float32, in parts. */
export function nested(values: Float32Array, width: number): Iterable<string> {
  return parts(values, (from, to) => {
    for (let at = from; at < to; at++) {
      const column = at % width;
      if (column === 0) writer.word(at > 0 ? ',[' : '[');
      else writer.word(',');
      writer.number(values[at]!);
      if (column === width - 1) writer.word(']');
    }
  });
}

/** `[1,2,3,4]`: the JSON of its numbers alone, in parts. */
export function flat(values: Float32Array): Iterable<string> {
  return parts(values, (from, to) => {
    for (let at = from; at < to; at++) {
      if (at > 0) writer.word(',');
      writer.number(values[at]!);
    }
  });
}

/** Of few numbers there is one part: a generator costs more than they do. */
function parts(values: Float32Array, write: (from: number, to: number) => void): Iterable<string> {
  if (values.length > SOME) return manyParts(values, write);
  writer.word('[');
  write(0, values.length);
  return [writer.word(']').take()];
}

function* manyParts(values: Float32Array, write: (from: number, to: number) => void): Generator<string> {
  yield '[';
  for (let from = 0; from < values.length; from += SOME) {
    write(from, Math.min(values.length, from + SOME));
    yield writer.take();
  }
  yield ']';
}

/** Parts with text before and behind. */
export function enclosed(before: string, texts: Iterable<string>, behind: string): Iterable<string> {
  return Array.isArray(texts) ? [before, ...texts, behind] : lateEnclosed(before, texts, behind);
}

function* lateEnclosed(before: string, texts: Iterable<string>, behind: string): Generator<string> {
  yield before;
  yield* texts;
  yield behind;
}

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openBytes } from './byte-source.js';
import type { LabelledRows } from './labelled-rows.js';

/** Numbers read at a time: a few milliseconds of work. */
const CHUNK = 2 ** 16;

/** Writes labelled rows to a file as float32, `[rows, features + targets]`, for `appendRowFile`. NaN is a missing value. */
export async function writeRowFile(path: string, batches: AsyncIterable<LabelledRows>): Promise<void> {
  await pipeline(async function* () {
    for await (const batch of batches) yield Buffer.from(joined(batch).buffer);
  }, createWriteStream(path));
}

/** Calls `add` for each row of a file of `columns` features and targets, with its numbers by column. Yields to the event loop. */
export async function appendRowFile(
  path: string,
  columns: number,
  add: (number: (column: number) => number) => void,
): Promise<void> {
  using file = openBytes(path);
  const rowBytes = Float32Array.BYTES_PER_ELEMENT * columns;
  const step = rowBytes * Math.max(1, Math.floor(CHUNK / columns));
  for (let at = 0; at < file.length; at += step) {
    const { buffer } = file.read(at, Math.min(at + step, file.length));
    const numbers = new Float32Array(buffer);
    for (let start = 0; start < numbers.length; start += columns) add((column) => numbers[start + column]!);
    await nextTurn();
  }
}

/** Returns the rows one after the other, each with its targets behind its features. */
function joined({ rows, features, targets }: LabelledRows): Float32Array {
  const [width, depth] = [features.length / rows, targets.length / rows];
  const numbers = new Float32Array(features.length + targets.length);
  for (let r = 0; r < rows; r++) {
    numbers.set(features.subarray(r * width, (r + 1) * width), r * (width + depth));
    numbers.set(targets.subarray(r * depth, (r + 1) * depth), r * (width + depth) + width);
  }
  return numbers;
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes with random access: in memory or in a file. */
export interface Bytes {
  readonly length: number;
  /** Returns the bytes from `from` up to `to`, which must lie within. They may be a view of the source's memory. */
  read(from: number, to: number): Uint8Array;
}

export function bytesOf(content: Uint8Array): Bytes {
  return { length: content.length, read: (from, to) => content.subarray(from, to) };
}

/** Returns the `length` bytes at `from`, as a source of its own. They must lie within. */
export function within(bytes: Bytes, from: number, length: number): Bytes {
  return { length, read: (start, end) => bytes.read(from + start, from + end) };
}

/** Opens a file, which must not shrink: `read` then throws an Error. */
export function openBytes(path: string): Bytes & Disposable {
  const file = openSync(path, 'r');
  return {
    length: fstatSync(file).size,
    read: (from, to) => readFully(file, from, new Uint8Array(to - from)),
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** Fills `bytes` with those at `from` of a file, in pieces: a single read stops at 2 GiB. */
function readFully(file: number, from: number, bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; ) {
    const count = readSync(file, bytes, at, Math.min(bytes.length - at, 2 ** 26), from + at);
    if (count === 0) throw new Error('the file ended early');
    at += count;
  }
  return bytes;
}

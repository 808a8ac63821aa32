import { fstatSync, readSync } from 'node:fs';

/** Bytes of which any part can be read: a body in memory, or a file. */
export interface Bytes {
  readonly length: number;
  /** Those from `from` up to `to`, which lie within. They may be the very memory of the body. */
  read(from: number, to: number): Uint8Array;
}

export function bytesOf(body: Uint8Array): Bytes {
  return { length: body.length, read: (from, to) => body.subarray(from, to) };
}

/** The file must stay open, and as long as it is. Throws an Error if it does not. */
export function bytesOfFile(file: number): Bytes {
  const read = (from: number, to: number) => {
    const bytes = new Uint8Array(to - from);
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(file, bytes, at, bytes.length - at, from + at);
      if (count === 0) throw new Error('the file ended early');
      at += count;
    }
    return bytes;
  };
  return { length: fstatSync(file).size, read };
}

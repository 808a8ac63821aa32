/** A column of float32. The library returns a Buffer for a single row, and an ArrayBuffer for each of several. */
export type FloatBlob = ArrayBuffer | Buffer;

/** Returns the bytes of row `row` of `values`, `[any, width]`. They share its memory. */
export function toBlob(values: Float32Array, row: number, width: number): Buffer {
  return Buffer.from(values.buffer, values.byteOffset + 4 * row * width, 4 * width);
}

/** Concatenates blobs into one array. */
export function fromBlobs(blobs: readonly FloatBlob[]): Float32Array {
  const values = new Float32Array(blobs.reduce((sum, { byteLength }) => sum + byteLength, 0) / 4);
  const bytes = new Uint8Array(values.buffer);
  let at = 0;
  for (const blob of blobs) {
    bytes.set(new Uint8Array(blob), at);
    at += blob.byteLength;
  }
  return values;
}

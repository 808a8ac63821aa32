import { gunzipSync } from 'node:zlib';
import type { Compressors } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { invalidParquet } from './parquet-error.js';

/** Maximum size of a decompressed page. Writers make pages of about a megabyte. */
const MAX_PAGE_BYTES = 2 ** 27;

/** Throw `INVALID_PARQUET` for a page that is too large. */
export const COMPRESSORS: Compressors = Object.fromEntries(
  Object.entries({ ...compressors, GZIP: gunzip }).map(([codec, decompress]) => [codec, bounded(codec, decompress)]),
);

function gunzip(compressed: Uint8Array, length: number): Uint8Array {
  return gunzipSync(compressed, { maxOutputLength: Math.max(1, length) });
}

function bounded(codec: string, decompress: (compressed: Uint8Array, length: number) => Uint8Array) {
  return (compressed: Uint8Array, length: number) => {
    if (length > MAX_PAGE_BYTES) {
      throw invalidParquet(`a page claims to decompress (${codec}) to ${length} bytes; the limit is ${MAX_PAGE_BYTES}`);
    }
    return decompress(compressed, length);
  };
}

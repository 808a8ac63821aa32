import type { BodyCompression } from 'apache-arrow/fb/body-compression';
import { CompressionType } from 'apache-arrow/fb/compression-type';
import { decompressZstd } from 'hyparquet-compressors';
import { DomainError } from '../../../base/domain-error.js';
import { type Bytes, within } from '../byte-source.js';
import { invalidArrow } from './arrow-error.js';
import { decompressLz4Frame } from './lz4-frame.js';

/** Bytes that precede a compressed buffer: its length without compression. */
const LENGTH_BYTES = 8;
/** Stands for the length of a buffer that is not compressed after all. */
const STORED = -1n;
/** Bytes that a buffer may have beyond its values: writers pad them. */
const PADDING = 4096;

/** How many bytes buffers may still be decompressed to. */
export interface Budget {
  left: number;
}

/**
 * Decompresses a buffer
 * (https://github.com/apache/arrow/blob/main/format/Message.fbs, `BodyCompressionMethod`) that must have `min` bytes; with 0 it may
 * have any number. Throws `INVALID_ARROW` with the place, and `TOO_LARGE` beyond the budget.
 */
export function decompressed(
  buffer: Bytes,
  compression: BodyCompression,
  { min, budget, place }: { min: number; budget: Budget; place: string },
): Bytes {
  if (buffer.length === 0) return enough(buffer, min, place);
  if (buffer.length < LENGTH_BYTES)
    throw invalidArrow(`${place}: a compressed buffer of ${buffer.length} bytes is damaged`);
  const content = buffer.read(0, buffer.length);
  const length = new DataView(content.buffer, content.byteOffset, LENGTH_BYTES).getBigInt64(0, true);
  if (length === STORED) return enough(within(buffer, LENGTH_BYTES, buffer.length - LENGTH_BYTES), min, place);
  if (length < 0n || (min > 0 && length > BigInt(2 * min + PADDING))) {
    throw invalidArrow(`${place}: a buffer claims to decompress to ${length} bytes, expected ${min}`);
  }
  if (length > BigInt(budget.left)) {
    throw new DomainError(
      'TOO_LARGE',
      `${place}: it decompresses to ${length} bytes, expected at most ${budget.left}; send fewer rows per record batch, or do not compress them`,
    );
  }
  budget.left -= Number(length);
  const bytes = decompress(content.subarray(LENGTH_BYTES), Number(length), compression.codec(), place);
  return enough({ length: bytes.length, read: (from, to) => bytes.subarray(from, to) }, min, place);
}

function decompress(content: Uint8Array, length: number, codec: CompressionType, place: string): Uint8Array {
  if (codec !== CompressionType.LZ4_FRAME && codec !== CompressionType.ZSTD) {
    throw invalidArrow(`${place}: expected a compression of LZ4 or ZSTD, got number ${codec}`);
  }
  try {
    if (codec === CompressionType.LZ4_FRAME) return decompressLz4Frame(content, length);
    return decompressZstd(content, new Uint8Array(length));
  } catch (cause) {
    const name = CompressionType[codec];
    throw invalidArrow(`${place}: a buffer cannot be decompressed (${name}): ${(cause as Error).message}`, cause);
  }
}

function enough(buffer: Bytes, min: number, place: string): Bytes {
  if (buffer.length >= min) return buffer;
  throw invalidArrow(`${place}: a buffer has ${buffer.length} bytes, expected ${min}`);
}

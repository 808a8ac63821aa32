import { isUtf8 } from 'node:buffer';

/** Bytes of a text that are read. No level of a category is that long, and a small file can repeat a long text very often. */
export const MAX_TEXT_BYTES = 1024;

/** Returns the text, or its beginning, in UTF-8; undefined for bytes that are none. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  const size = Math.min(bytes.length, MAX_TEXT_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, size).toString();
  // A character may be cut in two.
  const isText = size < bytes.length || !text.includes('\ufffd') || isUtf8(bytes);
  return isText ? text : undefined;
}

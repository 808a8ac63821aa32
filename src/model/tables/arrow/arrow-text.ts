import { show } from '../../../base/domain-error.js';
import type { Bytes } from '../byte-source.js';
import type { Cells } from '../cells.js';
import { MAX_TEXT_BYTES, textOfBytes } from '../text-bytes.js';
import { invalidArrow } from './arrow-error.js';

/** Bytes read at once. */
const WINDOW = 2 ** 16;

/** Bytes of a view: the length, then the text itself if it has 12 bytes, or else its first four, its buffer and its place. */
export const VIEW_BYTES = 16;
const INLINE_BYTES = 12;

interface Offsets {
  readonly width: number;
  readonly decode: (bytes: ArrayBuffer) => ArrayLike<number>;
}
export const OFFSETS_32: Offsets = { width: 4, decode: (bytes) => new Int32Array(bytes) };
export const OFFSETS_64: Offsets = {
  width: 8,
  decode: (bytes) => Float64Array.from(new BigInt64Array(bytes), Number),
};

/** Reads the texts `from` up to `to`, which lie one behind the other in `data`. */
export function readTexts(
  offsets: Bytes,
  data: Bytes,
  { width, decode }: Offsets,
  from: number,
  to: number,
  place: () => string,
): Cells {
  if (from === to) return textCells([]);
  const raw = offsets.read(width * from, width * (to + 1));
  const ends = decode(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer);
  const texts = new Array<string>(to - from);
  const window = new Window(data, place);
  for (let i = 0; i < texts.length; i++) {
    const [start, end] = [ends[i]!, ends[i + 1]!];
    // Written so that NaN is refused too.
    if (!(start >= 0 && end >= start && end <= data.length)) {
      throw invalidArrow(
        `${place()}: the text of row ${from + i} lies outside of its buffer (bytes ${start} to ${end} of ${data.length})`,
      );
    }
    texts[i] = window.text(start, end - start);
  }
  return textCells(texts);
}

/** Reads the texts `from` up to `to`, each at its own place in one of the buffers `data`. */
export function readViews(views: Bytes, data: readonly Bytes[], from: number, to: number, place: () => string): Cells {
  const raw = views.read(VIEW_BYTES * from, VIEW_BYTES * to);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const windows = data.map((bytes) => new Window(bytes, place));
  const texts = new Array<string>(to - from);
  for (let i = 0, at = 0; i < texts.length; i++, at += VIEW_BYTES) {
    const length = view.getInt32(at, true);
    if (length >= 0 && length <= INLINE_BYTES) {
      texts[i] = decoded(raw.subarray(at + 4, at + 4 + length), place);
      continue;
    }
    const window = windows[view.getInt32(at + 8, true)];
    const start = view.getInt32(at + 12, true);
    if (!(window && length >= 0 && start >= 0 && start + length <= window.length)) {
      throw invalidArrow(
        `${place()}: the text of row ${from + i} lies outside of its buffer (${length} bytes at ${start})`,
      );
    }
    texts[i] = window.text(start, length);
  }
  return textCells(texts);
}

/** Texts of a buffer. Those that lie close to each other are read together. */
class Window {
  readonly length: number;
  private readonly data: Bytes;
  private readonly place: () => string;
  private bytes: Uint8Array = new Uint8Array();
  private start = 0;

  constructor(data: Bytes, place: () => string) {
    this.data = data;
    this.place = place;
    this.length = data.length;
  }

  text(at: number, length: number): string {
    // One byte more shows that the text is longer.
    const size = Math.min(length, MAX_TEXT_BYTES + 1);
    if (at < this.start || at + size > this.start + this.bytes.length) {
      this.start = at;
      this.bytes = this.data.read(at, Math.min(this.length, at + WINDOW));
    }
    return decoded(this.bytes.subarray(at - this.start, at - this.start + size), this.place);
  }
}

function decoded(bytes: Uint8Array, place: () => string): string {
  const text = textOfBytes(bytes);
  if (text === undefined)
    throw invalidArrow(`${place()}: the text ${show(Buffer.from(bytes).toString())} is not UTF-8`);
  return text;
}

function textCells(texts: readonly string[]): Cells {
  return { texts, values: Float64Array.from(texts, (_, i) => i) };
}

import {
  COLON,
  COMMA,
  EXACT_DIGITS,
  isDelimiter,
  isDigit,
  isSpace,
  LEFT_BRACE,
  LEFT_BRACKET,
  MAX_MAGNITUDE,
  MINUS,
  NUMBER,
  POINT,
  POWERS,
  QUOTE,
  RIGHT_BRACE,
  RIGHT_BRACKET,
  SPACE,
  ZERO,
} from './row-parser.js';

/**
 * Returns the float32 that stands for a cell of a column that is no number: NaN for a gap. Returns undefined for a value that the
 * column cannot take.
 */
export type CellReader = (column: number, value: string | boolean | null) => number | undefined;

/** Texts that are remembered, with the column they are of. The number is a power of two. */
const PLACES = 4096;
/** Bytes of the longest text that is remembered. */
const LENGTH = 32;
/** A prime, which spreads the bytes of a text over the bits of its hash (FNV-1a). */
const PRIME = 0x01000193;

const BACKSLASH = 0x5c;
const TILDE = 0x7e;

const WORDS = (
  [
    ['true', true],
    ['false', false],
    ['null', null],
  ] as const
).map(([word, value]) => ({ bytes: Buffer.from(word), value }));

/**
 * Reads rows by position with texts, truth values, gaps and numbers from the bytes of JSON, as `RowParser` reads rows of numbers. It
 * remembers what a text stands for, so that it creates no string for one that it has seen.
 *
 * It accepts only text that JSON.parse accepts, and returns what a walk over the result would. It reports no errors: the caller passes
 * whatever it rejects, unusual or wrong, to JSON.parse.
 */
export class CellParser {
  /** `[rows, columns]`: the rows parsed last. The next call overwrites them. */
  rows = new Float32Array(64);
  private readonly isNumber: readonly boolean[];
  private readonly read: CellReader;
  private text: Buffer = Buffer.alloc(0);
  private at = 0;
  /** The memory, by the hash of column and text: the column, −1 for an empty place; the bytes `[PLACES, LENGTH]`; what they stand for. */
  private readonly columns = new Int32Array(PLACES).fill(-1);
  private readonly lengths = new Uint8Array(PLACES);
  private readonly bytes = new Uint8Array(PLACES * LENGTH);
  private readonly codes = new Float32Array(PLACES);

  /** `isNumber`: by column, whether a number stands for itself. `read` returns the code of anything else; it must return the same for the same. */
  constructor(isNumber: readonly boolean[], read: CellReader) {
    this.isNumber = isNumber;
    this.read = read;
  }

  /** Returns the number of rows under `key`, the only one, or of an array of rows; 0 if the text is anything else. */
  parse(text: Buffer, key: string): number {
    this.text = text;
    this.at = 0;
    const first = this.next();
    const isBare = first === LEFT_BRACKET;
    if (!isBare && !(first === LEFT_BRACE && this.key(key) && this.next() === COLON && this.next() === LEFT_BRACKET)) {
      return 0;
    }
    let count = 0;
    for (let separator: number | undefined = COMMA; separator === COMMA; separator = this.next()) {
      if (this.next() !== LEFT_BRACKET || !this.row(count * this.isNumber.length)) return 0;
      count++;
    }
    if (text[this.at - 1] !== RIGHT_BRACKET) return 0;
    if (!isBare && this.next() !== RIGHT_BRACE) return 0;
    return this.next() === undefined ? count : 0;
  }

  /** Consumes and returns the next character that is not white space; undefined after the last. */
  private next(): number | undefined {
    const { text } = this;
    let { at } = this;
    while (at < text.length && isSpace(text[at]!)) at++;
    this.at = at + 1;
    return at < text.length ? text[at] : undefined;
  }

  private key(key: string): boolean {
    if (this.next() !== QUOTE) return false;
    const start = this.at;
    this.at += key.length;
    return this.text.toString('latin1', start, this.at) === key && this.text[this.at++] === QUOTE;
  }

  /** Reads cells up to the closing bracket. The opening one has been consumed. */
  private row(start: number): boolean {
    const { text, isNumber } = this;
    const width = isNumber.length;
    if (start + width > this.rows.length) this.grow(start + width);
    for (let j = 0; j < width; j++) {
      while (isSpace(text[this.at]!)) this.at++;
      const first = text[this.at]!;
      let code: number | undefined;
      if (first === QUOTE) code = this.string(j);
      else if (first === MINUS || isDigit(first)) code = isNumber[j] ? this.number() : undefined;
      else code = this.word(j);
      if (code === undefined) return false;
      this.rows[start + j] = code;
      if (this.next() !== (j + 1 < width ? COMMA : RIGHT_BRACKET)) return false;
    }
    return true;
  }

  /** Reads a text of ASCII without escapes. */
  private string(column: number): number | undefined {
    const { text } = this;
    const start = this.at + 1;
    let end = start;
    let hash = column;
    for (let byte = text[end]!; byte !== QUOTE; byte = text[++end]!) {
      // Written so that the end of the text is refused too.
      if (!(byte >= SPACE && byte <= TILDE) || byte === BACKSLASH) return undefined;
      hash = Math.imul(hash ^ byte, PRIME);
    }
    this.at = end + 1;
    const length = end - start;
    if (length > LENGTH) return this.read(column, text.toString('latin1', start, end));
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    if (this.isAt(place, column, start, length)) return this.codes[place];
    const code = this.read(column, text.toString('latin1', start, end));
    if (code === undefined) return undefined;
    this.columns[place] = column;
    this.lengths[place] = length;
    this.bytes.set(text.subarray(start, end), place * LENGTH);
    this.codes[place] = code;
    return code;
  }

  /** Returns whether a place has this text. */
  private isAt(place: number, column: number, start: number, length: number): boolean {
    if (this.columns[place] !== column || this.lengths[place] !== length) return false;
    const { text, bytes } = this;
    const from = place * LENGTH;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== text[start + i]) return false;
    return true;
  }

  /** Reads a number as `RowParser` does: one of few digits as the quotient of two exact numbers, any other as JSON.parse. */
  private number(): number | undefined {
    const { text } = this;
    const begin = this.at;
    let at = begin;
    let character = text[at]!;
    const isNegative = character === MINUS;
    if (isNegative) character = text[++at]!;
    const first = at;
    let whole = 0;
    for (; isDigit(character); character = text[++at]!) whole = whole * 10 + (character - ZERO);
    let digits = at - first;
    // JSON allows neither `.5` nor `05`.
    if (digits === 0 || (digits > 1 && text[first] === ZERO)) return undefined;
    let decimals = 0;
    if (character === POINT) {
      const point = at;
      character = text[++at]!;
      for (; isDigit(character); character = text[++at]!) whole = whole * 10 + (character - ZERO);
      decimals = at - point - 1;
      if (decimals === 0) return undefined;
      digits += decimals;
    }
    let value = (isNegative ? -whole : whole) / POWERS[decimals]!;
    if (digits > EXACT_DIGITS || !isDelimiter(character)) {
      while (at < text.length && !isDelimiter(text[at]!)) at++;
      const word = text.toString('latin1', begin, at);
      value = NUMBER.test(word) ? Number(word) : Number.NaN;
    }
    this.at = at;
    // Written so that NaN is rejected too.
    return value > -MAX_MAGNITUDE && value < MAX_MAGNITUDE ? value : undefined;
  }

  private word(column: number): number | undefined {
    const { text, at } = this;
    for (const { bytes, value } of WORDS) {
      let i = 0;
      while (i < bytes.length && text[at + i] === bytes[i]) i++;
      if (i < bytes.length) continue;
      this.at = at + i;
      return this.read(column, value);
    }
    return undefined;
  }

  private grow(size: number): void {
    const rows = new Float32Array(Math.max(size, 2 * this.rows.length));
    rows.set(this.rows);
    this.rows = rows;
  }
}

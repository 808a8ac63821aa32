const LINE_FEED = 0x0a;
const EQUALS = 0x3d;
/** Bytes that may wait for the end of their line. */
const MAX_WAITING = 2 ** 20;
const MARK = Buffer.from('="');
/** A cell `="0123"`, between delimiters. */
const CELL = /(^|[,;\t|\r\n])=("[^"\r\n]*")(?=[,;\t|\r\n]|$)/g;

/**
 * Returns a CSV in UTF-8 with `"0123"` in place of each cell `="0123"`, the formula that makes Excel take a cell as text: programs write it
 * without the quotes that a cell with quotes needs.
 */
export function withoutFormulas(text: Uint8Array): Uint8Array {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  return bytes.includes(MARK) ? Buffer.from(bytes.toString('latin1').replace(CELL, '$1$2'), 'latin1') : text;
}

/** Does what `withoutFormulas` does to a CSV that comes in parts. */
export class FormulaTexts {
  /** The line that is not complete, if it may have such a cell. */
  private rest: Uint8Array = new Uint8Array();

  /** Returns the next part, or the lines that it completes. */
  convert(part: Uint8Array): Uint8Array {
    const bytes =
      this.rest.length > 0 ? Buffer.concat([this.rest, part]) : Buffer.from(part.buffer, part.byteOffset, part.length);
    const isPlain = !bytes.includes(MARK) && bytes.at(-1) !== EQUALS;
    const end = isPlain || bytes.length > MAX_WAITING ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1;
    this.rest = bytes.subarray(end);
    return withoutFormulas(bytes.subarray(0, end));
  }

  /** Returns what is left. */
  end(): Uint8Array {
    return withoutFormulas(this.rest);
  }
}

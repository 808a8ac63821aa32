import { isAscii, isUtf8 } from 'node:buffer';
import { DomainError, show } from '../../../base/domain-error.js';

const UTF8 = 'utf-8';
/** Bytes that show the encoding: a byte order mark, or where the zeros of UTF-16 are. */
const HEAD = 4;
/** Bytes that stand for no character in Windows-1252. */
const UNDEFINED_1252 = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
/** What a file that is no text begins with, and what it is. */
const SIGNATURES: readonly (readonly [start: string, what: string])[] = [
  ['PK', 'a ZIP archive or an Excel workbook; save it as CSV'],
  ['PAR1', 'a Parquet file; send it as application/vnd.apache.parquet'],
  ['ARROW1', 'an Arrow file; send it as application/vnd.apache.arrow.file'],
  ['\x1f\x8b', 'compressed with gzip; unpack it, or name the compression as that of the request'],
  ['\xd0\xcf\x11\xe0', 'an old Excel workbook; save it as CSV'],
];

/**
 * Turns the bytes of a text file into UTF-8, chunk by chunk. A byte order mark decides the encoding, else `charset`, else the bytes: those
 * that are no UTF-8 are taken as Windows-1252. Never makes a replacement character. Methods throw `INVALID_CSV`.
 */
export class CsvDecoder {
  /** The encoding, as far as it is known: ASCII is UTF-8. */
  encoding = UTF8;
  /** Bytes of UTF-16 and of a character that is not complete wait here. */
  private rest: Uint8Array = new Uint8Array();
  private state: 'start' | 'ascii' | 'utf-8' | 'other' = 'start';
  private readonly charset: string | undefined;
  private decoder: InstanceType<typeof TextDecoder> | undefined;
  private start: Uint8Array = new Uint8Array();
  private bytes = 0;

  constructor(charset?: string) {
    if (charset === undefined) return;
    this.charset = encodingOf(charset);
  }

  /** Returns the text of the next bytes as UTF-8, as far as it is complete. */
  decode(chunk: Uint8Array): Uint8Array {
    let bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = bytes.subarray(0, 0);
    if (this.state === 'start') {
      if (bytes.length < HEAD) {
        this.rest = bytes;
        return bytes.subarray(0, 0);
      }
      bytes = this.begin(bytes);
    }
    return this.convert(bytes, false);
  }

  /** Returns what is left. */
  end(): Uint8Array {
    const bytes = this.state === 'start' ? this.begin(this.rest) : this.rest;
    return this.convert(bytes, true);
  }

  /** Chooses the encoding by the first bytes; returns them without their mark. */
  private begin(bytes: Uint8Array): Uint8Array {
    this.start = bytes.slice(0, 8);
    const [a = -1, b = -1, c = -1, d = -1] = bytes;
    this.state = 'ascii';
    if (a === 0xef && b === 0xbb && c === 0xbf) {
      this.state = 'utf-8';
      return bytes.subarray(3);
    }
    const isLittle = (a === 0xff && b === 0xfe) || (b === 0 && d === 0 && a > 0 && c > 0);
    const isBig = (a === 0xfe && b === 0xff) || (a === 0 && c === 0 && b > 0 && d > 0);
    if (isLittle || isBig) this.use(isLittle ? 'utf-16le' : 'utf-16be');
    else if (this.charset === UTF8) this.state = 'utf-8';
    else if (this.charset !== undefined) this.use(this.charset);
    return bytes;
  }

  private convert(bytes: Uint8Array, isEnd: boolean): Uint8Array {
    if (this.state === 'other') return this.transcode(bytes, isEnd);
    if (bytes.includes(0)) throw this.noText();
    const complete = isEnd ? bytes : bytes.subarray(0, bytes.length - incompleteTail(bytes));
    this.rest = bytes.subarray(complete.length);
    if (this.state === 'ascii' && !isAscii(complete)) {
      if (!isUtf8(complete)) {
        if (UNDEFINED_1252.some((byte) => complete.includes(byte))) throw this.noText();
        if (isPartlyUtf8(complete)) {
          throw invalid('some of its bytes are UTF-8, and others are not; charset says what it is');
        }
        this.use('windows-1252');
        const all = bytes;
        this.rest = bytes.subarray(0, 0);
        return this.transcode(all, isEnd);
      }
      this.state = 'utf-8';
    } else if (this.state === 'utf-8' && !isUtf8(complete)) {
      throw invalid(
        `bytes after byte ${this.bytes} are no UTF-8; charset, such as windows-1252, names another encoding`,
      );
    }
    this.bytes += complete.length;
    return complete;
  }

  private transcode(bytes: Uint8Array, isEnd: boolean): Uint8Array {
    try {
      return Buffer.from(this.decoder!.decode(bytes, { stream: !isEnd }));
    } catch (cause) {
      throw invalid(`it is not text in ${this.encoding}`, cause);
    }
  }

  private use(encoding: string): void {
    this.state = 'other';
    this.encoding = encoding;
    this.decoder = new TextDecoder(encoding, { fatal: true });
  }

  private noText(): DomainError {
    const head = Buffer.from(this.start).toString('latin1');
    const [, what] = SIGNATURES.find(([start]) => head.startsWith(start)) ?? [];
    if (what !== undefined) return invalid(`it is ${what}`);
    return invalid('it is not text in UTF-8, UTF-16 or Windows-1252; charset names another encoding');
  }
}

/** Decodes a whole body, as `CsvDecoder` does. Returns the bytes themselves if they are UTF-8 without a mark. */
export function decodeCsv(body: Uint8Array, charset?: string): Uint8Array {
  const decoder = new CsvDecoder(charset);
  const start = decoder.decode(body);
  const rest = decoder.end();
  return rest.length === 0 ? start : Buffer.concat([start, rest]);
}

/** Returns the canonical name of an encoding. Throws `INVALID_CSV` for an unknown one. */
function encodingOf(charset: string): string {
  try {
    return new TextDecoder(charset.trim().replace(/^"(.*)"$/, '$1')).encoding;
  } catch (cause) {
    throw invalid(`${show(charset)} is not a known charset`, cause);
  }
}

/** Returns true if many characters beyond ASCII are UTF-8: in another encoding, hardly any bytes look so. */
function isPartlyUtf8(bytes: Uint8Array): boolean {
  const characters =
    Buffer.from(bytes)
      .toString()
      .match(/[^\0-\x7f]/g) ?? [];
  const invalid = characters.filter((character) => character === '\ufffd').length;
  return 2 * (characters.length - invalid) > invalid;
}

/** Returns how many bytes at the end begin a character of UTF-8 that is not complete. */
function incompleteTail(bytes: Uint8Array): number {
  for (let n = 1; n <= Math.min(3, bytes.length); n++) {
    const byte = bytes[bytes.length - n]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return n < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? n : 0;
  }
  return 0;
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_CSV', `the CSV: ${message}`, { cause });
}

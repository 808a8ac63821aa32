import { DomainError } from '../domain-error.js';
import { maxValues } from '../node/memory-limits.js';

/** Maximum nesting of arrays and objects. Valid input has six levels. A level takes 50 times the memory of its bracket. */
const MAX_LEVELS = 100;
/**
 * Maximum number of arrays and objects; in a long text, one per `BYTES_PER_CONTAINER` bytes if that is more. An empty one takes 20
 * times the memory of its text.
 */
const MAX_CONTAINERS = 2 ** 20;
const BYTES_PER_CONTAINER = 16;
/** Maximum keys of an object: more than a table may have columns. Their dictionary is a single piece of memory. */
const MAX_KEYS = 2 ** 14;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;

/** Parses JSON. Throws `INVALID_JSON` with the position of the error, and what `checkJson` throws. */
export function readJson(json: Uint8Array, parse: (text: string) => unknown = parseJson): unknown {
  checkJson(json);
  return parse(textOf(json));
}

/** Parses text that `checkJson` has passed. Throws `INVALID_JSON` with the position of the error. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    // For an unexpected character V8 quotes the text around it, and no position.
    const at = / in JSON at position \d+|end of JSON input/.test(message)
      ? ''
      : ` (at position ${errorPosition(text)})`;
    throw new DomainError('INVALID_JSON', `invalid JSON: ${message}${at}`, { cause });
  }
}

/**
 * Returns the position of the first character with which `text`, which is not valid JSON, cannot go on; its length if there is
 * none. Takes about as long as parsing the text `log2(length)` times.
 */
export function errorPosition(text: string): number {
  let [good, bad] = [0, text.length];
  if (mayGoOn(text)) return bad;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (mayGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Returns whether valid JSON may begin with `text`. */
function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = / in JSON at position (\d+)/.exec(message)?.[1];
    return position === undefined ? message.includes('end of JSON input') : Number(position) >= text.length;
  }
}

/**
 * Throws `INVALID_REQUEST` or `TOO_LARGE` for JSON, valid or not, that would take far more memory than its length. It reads the
 * bytes: nothing is allocated for a text that is refused. `most` bounds the numbers, texts, arrays and objects.
 */
export function checkJson(json: Uint8Array, most = maxValues(json.length)): void {
  const keys = new Uint32Array(MAX_LEVELS + 1);
  let levels = 0;
  let containers = 0;
  let commas = 0;
  let texts = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    // Most bytes are digits, which come before the brackets.
    if (byte < LEFT_BRACKET) {
      if (byte === COMMA) commas++;
      else if (byte === QUOTE) {
        texts++;
        for (at++; at < json.length && json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++;
      } else if (byte === COLON && ++keys[levels]! > MAX_KEYS) {
        throw new DomainError(
          'TOO_LARGE',
          `JSON: expected at most ${MAX_KEYS} keys in an object, got more at position ${at}`,
        );
      }
    } else if (byte === RIGHT_BRACKET || byte === RIGHT_BRACE) levels--;
    else if (byte === LEFT_BRACKET || byte === LEFT_BRACE) {
      containers++;
      if (++levels > MAX_LEVELS) {
        throw new DomainError(
          'INVALID_REQUEST',
          `JSON: expected at most ${MAX_LEVELS} levels, got more at position ${at}`,
        );
      }
      keys[levels] = 0;
    }
  }
  const max = Math.max(MAX_CONTAINERS, Math.floor(json.length / BYTES_PER_CONTAINER));
  if (containers > max) {
    throw new DomainError('TOO_LARGE', `JSON: expected at most ${max} arrays and objects, got ${containers}`);
  }
  // Valid JSON has at most two texts per comma or bracket, a key and a value.
  if (Math.max(containers + commas, texts / 2) > most) {
    throw new DomainError('TOO_LARGE', `JSON: expected at most ${most} values, got more; send fewer rows`);
  }
}

/** Decodes UTF-8, without the byte order mark that some programs write first. */
export function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes).toString();
}

/** Returns the position of the closing quote of the string that begins at `at`. */
export function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

/** Returns true for a JSON object: not an array, and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { DomainError } from '../domain-error.js';

/** Maximum nesting of arrays and objects. Valid input has six levels. A level takes 50 times the memory of its bracket. */
const MAX_LEVELS = 100;
/**
 * Maximum number of arrays and objects; in a long text, one per `CHARACTERS_PER_VALUE` characters if that is more. An empty one
 * takes 20 times the memory of its text.
 */
const MAX_VALUES = 2 ** 20;
const CHARACTERS_PER_VALUE = 16;

const QUOTE = 0x22;
const LEFT_BRACKET = 0x5b;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACKET = 0x5d;
const RIGHT_BRACE = 0x7d;

/** Parses JSON. Throws `INVALID_JSON` with the position of the error, and what `parseJson` throws. */
export function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError('INVALID_JSON', `invalid JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Like JSON.parse, but throws `INVALID_REQUEST` or `TOO_LARGE` for text that would take far more memory than its length. */
export function parseJson(text: string): unknown {
  let levels = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    // Most characters are digits, whose codes are below those of brackets.
    if (character < LEFT_BRACKET) {
      if (character === QUOTE) at = endOfString(text, at);
    } else if (character === RIGHT_BRACKET || character === RIGHT_BRACE) levels--;
    else if (character === LEFT_BRACKET || character === LEFT_BRACE) {
      values++;
      if (++levels > MAX_LEVELS) {
        throw new DomainError(
          'INVALID_REQUEST',
          `JSON: expected at most ${MAX_LEVELS} levels, got more at position ${at}`,
        );
      }
    }
  }
  const max = Math.max(MAX_VALUES, Math.floor(text.length / CHARACTERS_PER_VALUE));
  if (values > max) {
    throw new DomainError('TOO_LARGE', `JSON: expected at most ${max} arrays and objects, got ${values}`);
  }
  return JSON.parse(text);
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

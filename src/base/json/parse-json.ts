import { DomainError } from '../domain-error.js';

/**
 * A body of more bytes than this is read in a thread or in parts, between which others have their turn: JSON.parse holds
 * the event loop for 100 ms at 300,000 rows.
 */
export const LARGE_BODY = 128 * 1024;

/** Levels of arrays and objects in a body: right ones have six. Each takes the parser 50 times the memory of its bracket. */
const MAX_LEVELS = 100;
/** Arrays and objects in a body, or one in so many characters if that is more: an empty one takes 20 times its text. */
const MAX_VALUES = 2 ** 20;
const CHARACTERS_OF_A_VALUE = 16;

const QUOTE = 0x22;
const LEFT_BRACKET = 0x5b;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACKET = 0x5d;
const RIGHT_BRACE = 0x7d;

/** Parses a body. Throws `INVALID_JSON`, which says where it is none, and what `parseJson` throws. */
export function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError('INVALID_JSON', `body: ${(cause as Error).message}`, { cause });
  }
}

/** As JSON.parse, but throws `INVALID_REQUEST` or `TOO_LARGE` before it would read what takes far more memory than its text. */
export function parseJson(text: string): unknown {
  let levels = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    // Most are digits, which come before the brackets.
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
  const most = Math.max(MAX_VALUES, Math.floor(text.length / CHARACTERS_OF_A_VALUE));
  if (values > most) {
    throw new DomainError('TOO_LARGE', `JSON: expected at most ${most} arrays and objects, got ${values}`);
  }
  return JSON.parse(text);
}

/** Where the string that begins at `at` ends: the place of its closing quote. */
export function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

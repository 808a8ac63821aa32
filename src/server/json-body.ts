import { DomainError } from '../model/domain-error.js';

/**
 * A body of more bytes than this is read in a thread or in parts, between which others have their turn: JSON.parse holds
 * the event loop for 100 ms at 300,000 rows.
 */
export const LARGE_BODY = 128 * 1024;

/** Levels of arrays and objects in a body: right ones have six. Each takes the parser 50 times the memory of its bracket. */
const MOST_LEVELS = 100;

const QUOTE = 0x22;
const LEFT_BRACKET = 0x5b;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACKET = 0x5d;
const RIGHT_BRACE = 0x7d;

/** Parses a body. Throws `INVALID_JSON`, which says where it is none, and `INVALID_REQUEST` if it is nested too deeply. */
export function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError('INVALID_JSON', `body: ${(cause as Error).message}`, { cause });
  }
}

/** As JSON.parse, but throws `INVALID_REQUEST` before it would read what is nested too deeply. */
export function parseJson(text: string): unknown {
  let levels = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    // Most are digits, which come before the brackets.
    if (character < LEFT_BRACKET) {
      if (character === QUOTE) at = endOfString(text, at);
    } else if (character === RIGHT_BRACKET || character === RIGHT_BRACE) levels--;
    else if ((character === LEFT_BRACKET || character === LEFT_BRACE) && ++levels > MOST_LEVELS) {
      throw new DomainError(
        'INVALID_REQUEST',
        `JSON: expected at most ${MOST_LEVELS} levels, got more at position ${at}`,
      );
    }
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

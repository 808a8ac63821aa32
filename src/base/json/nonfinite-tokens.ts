import { endOfString, parseJson } from './parse-json.js';

/**
 * Turns text that contains NaN and Infinity, as many clients write them, into JSON. NaN becomes null if values may be
 * missing, and otherwise a string, which is refused later. Infinity becomes a number that JSON.parse reads as infinite.
 */
export function withoutNumberTokens(text: string, allowMissing: boolean): string {
  const replaced = (token: string) => (token === 'NaN' ? (allowMissing ? 'null' : '"NaN"') : '1e999');
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    parts.push(text.slice(at, end).replace(/\b(NaN|Infinity|Inf)\b/g, replaced));
    if (quote < 0) break;
    at = endOfString(text, quote) + 1;
    parts.push(text.slice(quote, at));
  }
  return parts.join('');
}

/** Parses JSON with the tokens of `withoutNumberTokens`. Throws `INVALID_JSON` with the position of the error. */
export function parseTolerantly(text: string, allowMissing: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const plain = withoutNumberTokens(text, allowMissing);
    try {
      return JSON.parse(plain);
    } catch {
      return parseJson(text);
    }
  }
}

/** Parses JSON in which NaN is a missing value, null. Throws `INVALID_JSON`. */
export function parseWithGaps(text: string): unknown {
  return parseTolerantly(text, true);
}

import type { Notation } from '../column.js';

/**
 * Matches a decimal number. Decimals are matched only after a point: otherwise the expression would try every way to split a cell of a
 * million digits and a letter.
 */
const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** Characters that can be part of a number in no notation. */
const MAX_LENGTH = 64;

/**
 * Returns the number that a text writes in a column's notation, by default the plain decimal one; NaN for any other text.
 * `inf` and `Infinity` are infinite. `Number()` alone would read '' as 0 and '0x1F' as 31.
 */
export function numberInText(text: string, notation?: Notation): number {
  if (!notation) {
    if (PLAIN.test(text)) return Number(text);
    const plain = normalised(text);
    return PLAIN.test(plain) ? Number(plain) : infiniteInText(plain);
  }
  const { decimal, thousands, unit } = notation;
  let rest = normalised(text);
  const inParentheses = rest.startsWith('(') && rest.endsWith(')');
  if (inParentheses) rest = rest.slice(1, -1).trim();
  const sign = rest.startsWith('-') || rest.startsWith('+') ? rest[0]! : '';
  rest = rest.slice(sign.length).trim();
  if (unit !== undefined) rest = withoutUnit(rest, unit.normalize('NFKC'));
  const second = sign === '' && (rest.startsWith('-') || rest.startsWith('+')) ? rest[0]! : '';
  rest = rest.slice(second.length);
  const [whole = '', ...parts] = rest.split(decimal);
  if (parts.length > 1) return Number.NaN;
  const digits = thousands === undefined ? whole : withoutGroups(whole, thousands);
  const plain = parts.length === 0 ? digits : `${digits}.${parts[0]}`;
  // Neither a point that is no decimal point here, nor a third sign.
  if (!PLAIN.test(plain) || !/^\d*(e[+-]?\d+)?$/i.test(digits)) return infiniteInText(text);
  return (sign === '-') !== (second === '-') || inParentheses ? -Number(plain) : Number(plain);
}

/** Infinite numbers as pandas, R and Java write them. */
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** Returns an infinite number if the text is one; NaN for any other text. */
export function infiniteInText(text: string): number {
  if (text.length > 9 || !INFINITE.test(text)) return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Full-width digits, the minus sign of typesetters and the formula that makes Excel take a cell as text are only spelling. */
export function normalised(text: string): string {
  // Raised digits are no spelling of others: 5² is not 52.
  if (text.length > MAX_LENGTH || /[\u00b2\u00b3\u00b9\u2070-\u209c]/.test(text)) return text;
  const plain = text
    .normalize('NFKC')
    .replace(/[\u2212\u2012\u2013\ufe63\uff0d]/g, '-')
    .replace(/[\u2018\u2019]/g, "'")
    .trim();
  return /^="[^"]*"$/.test(plain) ? plain.slice(2, -1).trim() : plain;
}

function withoutUnit(text: string, unit: string): string {
  if (text.startsWith(unit)) return text.slice(unit.length).trim();
  return text.endsWith(unit) ? text.slice(0, -unit.length).trim() : text;
}

/** Returns digits without the separators of their groups of three; the text itself if these are at other places. */
function withoutGroups(digits: string, separator: string): string {
  const groups = /\s/.test(separator) ? digits.split(/\s/) : digits.split(separator);
  const [first = '', ...others] = groups;
  const isGrouped = first.length >= 1 && first.length <= 3 && others.every((group) => /^\d{3}$/.test(group));
  return others.length > 0 && isGrouped ? groups.join('') : digits;
}

const THIN_SPACE = '\u202f';

/** Formats a number with few enough digits to read at a glance. */
export function figure(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(digits - 1).replace('e+', 'e');
  return formatter(size >= 10 ** digits ? Math.ceil(Math.log10(size + 1)) : digits).format(value);
}

/** By number of digits: making one takes longer than formatting many numbers. */
const formatters = new Map<number, Intl.NumberFormat>();

function formatter(digits: number): Intl.NumberFormat {
  const known = formatters.get(digits);
  if (known) return known;
  const made = new Intl.NumberFormat('en', { maximumSignificantDigits: digits });
  formatters.set(digits, made);
  return made;
}

/** A count with its noun, such as `1 row` or `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function percent(share: number): string {
  if (share > 0 && share < 0.001) return `< 0.1${THIN_SPACE}%`;
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}${THIN_SPACE}%`;
}

export function seconds(value: number): string {
  if (value < 1e-3) return `${figure(1e6 * value, 2)}${THIN_SPACE}µs`;
  if (value < 1) return `${figure(1e3 * value, 2)}${THIN_SPACE}ms`;
  return `${figure(value, 2)}${THIN_SPACE}s`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value}${THIN_SPACE}B`;
  return value < 1e6 ? `${figure(value / 1e3)}${THIN_SPACE}kB` : `${figure(value / 1e6)}${THIN_SPACE}MB`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Makes untrusted text safe to show on one line: truncates it, and replaces control and direction characters. */
export function printable(text: string, max = 120): string {
  const visible = text.slice(0, max + 1).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
  return visible.length > max ? `${visible.slice(0, max)}…` : visible;
}

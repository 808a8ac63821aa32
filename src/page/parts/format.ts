export { bytes, capital, counted, figure, percent, printable, seconds } from '../../base/text/figures.js';

const THIN_SPACE = '\u202f';

/** Keeps numbers and their percent signs on one line. */
export function unbroken(words: string): string {
  return words.replaceAll(' %', `${THIN_SPACE}%`);
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Formats a time, in milliseconds since the epoch, as hours, minutes and seconds. */
export function clock(at: number): string {
  return CLOCK.format(at);
}

const STEPS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** Formats the time since `at` in its largest unit. */
export function ago(at: number, now = Date.now()): string {
  const passed = (now - at) / 1000;
  const [unit, size] = STEPS.find(([, size]) => passed >= size) ?? ['second', 1];
  return AGO.format(-Math.max(0, Math.floor(passed / size)), unit);
}

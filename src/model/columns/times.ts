/** The order of day, month and year in dates. */
export const DATE_ORDERS = ['dmy', 'mdy', 'ymd'] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

/** Units of times that are numbers. */
export const EPOCHS = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const;
export type Epoch = (typeof EPOCHS)[number];

/** Milliseconds of a day. */
export const DAY = 86_400_000;
/** The largest time that `Date` can hold, in milliseconds since 1970. */
export const MAX_INSTANT = 8.64e15;
/** Milliseconds of a unit. */
export const EPOCH_MS: Readonly<Record<Epoch, number>> = {
  seconds: 1000,
  milliseconds: 1,
  microseconds: 1e-3,
  nanoseconds: 1e-6,
};

const ISO_TIME = /^\d{4}-\d{2}-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
/** A day of a week, or a week. */
const ISO_WEEK = /^(\d{4})-?W(\d{2})(?:-?([1-7]))?$/;
/** Three numbers that could be a day, a month and a year, and perhaps a time of day. */
const PARTS =
  /^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:(?:T|,?\s)\s?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?([AaPp]\.?[Mm]\.?)?)?$/;

/**
 * Returns the milliseconds since 1970 of a date, or a date and time, in ISO 8601, or with its day, month and year in `order`; NaN for any
 * other text. Without a zone it is UTC; a week is its Monday.
 */
export function readTime(text: string, order?: DateOrder): number {
  const [match, day, zone] = ISO_TIME.exec(text) ?? [];
  if (match === undefined) return readWeek(text) ?? (order === undefined ? Number.NaN : readOrdered(text, order));
  // Date.parse reads February 30 as March 1.
  if (Number(day) > 28 && new Date(Date.parse(text.slice(0, 10))).getUTCDate() !== Number(day)) return Number.NaN;
  if (text.length === 10) return Date.parse(text);
  return Date.parse(text.replace(' ', 'T') + (zone === undefined ? 'Z' : ''));
}

/** Returns the orders in which a text is a date; none for a text that is no date, or one in ISO 8601. */
export function ordersOf(text: string): DateOrder[] {
  if (!Number.isNaN(readTime(text))) return [];
  return DATE_ORDERS.filter((order) => !Number.isNaN(readOrdered(text, order)));
}

/** Returns true for three numbers as in a date, whatever they are. */
export function looksLikeDate(text: string): boolean {
  return PARTS.test(text);
}

function readWeek(text: string): number | undefined {
  const [match, year, week, day = '1'] = ISO_WEEK.exec(text) ?? [];
  if (match === undefined) return undefined;
  // January 4 is in the first week.
  const fourth = Date.UTC(Number(year), 0, 4);
  const monday = fourth - DAY * ((new Date(fourth).getUTCDay() + 6) % 7);
  const time = monday + DAY * (7 * (Number(week) - 1) + Number(day) - 1);
  const isInYear = Number(week) >= 1 && Number(week) <= weeksOf(Number(year));
  return isInYear ? time : Number.NaN;
}

/** A year has 53 weeks if its last day, or its first, is a Thursday. */
function weeksOf(year: number): number {
  const isThursday = (month: number, day: number) => new Date(Date.UTC(year, month, day)).getUTCDay() === 4;
  return isThursday(0, 1) || isThursday(11, 31) ? 53 : 52;
}

function readOrdered(text: string, order: DateOrder): number {
  const [match, first, , second, third, hours, minutes = '0', seconds = '0', decimals = '0', half] =
    PARTS.exec(text) ?? [];
  if (match === undefined) return Number.NaN;
  const parts = { [order[0]!]: first!, [order[1]!]: second!, [order[2]!]: third! };
  const { d = '', m = '', y = '' } = parts;
  // Of a year with two digits the century is not certain.
  if (y.length !== 4 || d.length > 2 || m.length > 2) return Number.NaN;
  const hour = hourOf(hours, half);
  const [minute, secondOfMinute] = [Number(minutes), Number(`${seconds}.${decimals}`)];
  const date = Date.UTC(Number(y), Number(m) - 1, Number(d));
  const isDay = new Date(date).getUTCDate() === Number(d) && Number(m) >= 1 && Number(m) <= 12;
  if (!isDay || Number.isNaN(hour) || minute > 59 || secondOfMinute >= 60) return Number.NaN;
  return date + 3_600_000 * hour + 60_000 * minute + Math.floor(1000 * secondOfMinute);
}

function hourOf(hours: string | undefined, half: string | undefined): number {
  const hour = Number(hours ?? '0');
  if (half === undefined) return hour <= 23 ? hour : Number.NaN;
  if (hour < 1 || hour > 12) return Number.NaN;
  return (hour % 12) + (/^p/i.test(half) ? 12 : 0);
}

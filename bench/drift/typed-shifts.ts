import type { Random } from '../../src/base/statistics/random.js';
import type { Column } from '../../src/model/columns/column.js';
import type { Housing } from './housing.js';

/** A change of one column of rows `[count, d]`, in codes, in place; or the rows that are left. */
export interface TypedShift {
  readonly name: string;
  readonly types: readonly Column['type'][];
  readonly change: (
    rows: Float32Array,
    d: number,
    j: number,
    column: Column,
    random: Random,
  ) => Float32Array | undefined;
}

const DAY = 86_400_000;
const UNITS = { day: DAY, minute: 60_000, second: 1000 };

/** Changes the value of a row, given a random number. */
type One = (value: number, column: Column, random: Random) => number;

const each =
  (one: One): TypedShift['change'] =>
  (rows, d, j, column, random) => {
    for (let at = j; at < rows.length; at += d) rows[at] = one(rows[at]!, column, random);
    return undefined;
  };

const inShare =
  (share: number, one: One): One =>
  (value, column, random) =>
    random.uniform() < share ? one(value, column, random) : value;

const levels = (column: Column) => (column.type === 'category' ? column.levels.length : 2);

/** The codes of a column's levels, the most frequent one first. */
function byFrequency(rows: Float32Array, d: number, j: number, column: Column): number[] {
  const counts = new Array<number>(levels(column)).fill(0);
  for (let at = j; at < rows.length; at += d) if (rows[at]! < counts.length) counts[rows[at]!]!++;
  return counts.map((_, code) => code).sort((a, b) => counts[b]! - counts[a]!);
}

const time =
  (days: (day: number, clock: number) => number): One =>
  (value, column) => {
    if (column.type !== 'timestamp') return value;
    const scale = UNITS[column.unit];
    const ms = column.origin + value * scale;
    const day = Math.floor(ms / DAY);
    return Math.floor((days(day, ms - day * DAY) - column.origin) / scale);
  };
const at = (year: number): One => time(() => Date.UTC(year, 0, 1));

const LEVELS = ['category', 'boolean'] as const;

export const TYPED_SHIFTS: readonly TypedShift[] = [
  ...[0.02, 0.2].map(
    (share): TypedShift => ({
      name: `a new level in ${100 * share} % of rows`,
      types: ['category'],
      change: each(inShare(share, (_, column) => levels(column))),
    }),
  ),
  {
    name: 'rows of its second level are gone',
    types: LEVELS,
    change: (rows, d, j, column) => {
      const [, second] = byFrequency(rows, d, j, column);
      return rows.filter((_, at) => rows[at - (at % d) + j] !== second);
    },
  },
  {
    name: 'its rarest level in 10 % of rows',
    types: LEVELS,
    change: (rows, d, j, column, random) => {
      const rarest = byFrequency(rows, d, j, column).at(-1)!;
      return each(inShare(0.1, () => rarest))(rows, d, j, column, random);
    },
  },
  {
    name: 'one level in all rows',
    types: LEVELS,
    change: (rows, d, j, column, random) => {
      const [first] = byFrequency(rows, d, j, column);
      return each(() => first!)(rows, d, j, column, random);
    },
  },
  {
    name: 'its two most frequent levels changed round',
    types: LEVELS,
    change: (rows, d, j, column, random) => {
      const [first, second] = byFrequency(rows, d, j, column);
      return each((value) => (value === first ? second! : value === second ? first! : value))(
        rows,
        d,
        j,
        column,
        random,
      );
    },
  },
  {
    name: 'shuffled among the rows',
    types: [...LEVELS, 'number'],
    change: (rows, d, j, _, random) => {
      const count = rows.length / d;
      for (let r = count - 1; r > 0; r--) {
        const other = random.below(r + 1);
        [rows[r * d + j], rows[other * d + j]] = [rows[other * d + j]!, rows[r * d + j]!];
      }
      return undefined;
    },
  },
  {
    name: 'missing in 5 % of rows',
    types: [...LEVELS, 'number', 'timestamp'],
    change: each(inShare(0.05, () => Number.NaN)),
  },
  { name: 'unit × 12', types: ['number'], change: each((value) => value * 12) },
  { name: '1970 in 1 % of rows', types: ['timestamp'], change: each(inShare(0.01, at(1970))) },
  { name: 'midnight', types: ['timestamp'], change: each(time((day) => day * DAY)) },
  {
    name: '5 hours later',
    types: ['timestamp'],
    change: each(time((day, clock) => day * DAY + clock + 5 * 3_600_000)),
  },
  // 1970 began on a Thursday.
  {
    name: 'no Mondays',
    types: ['timestamp'],
    change: each(time((day, clock) => (day + Number((day + 3) % 7 === 0)) * DAY + clock)),
  },
];

/** No drift: the same rows a year later, on the same days of the week. */
export function aYearLater(rows: Float32Array, { columns = [] }: Housing): void {
  const later = time((day, clock) => (day + 364) * DAY + clock);
  columns.forEach((column, j) => {
    for (let k = j; k < rows.length; k += columns.length) rows[k] = later(rows[k]!, column, undefined as never);
  });
}

import { UNIT_MS } from './coding.js';
import type { BooleanColumn, CategoryColumn, Column, TimestampColumn } from './column.js';

/** What the codes of a column mean, and no more. Columns with equal codebooks have equal codes. */
export type Codes =
  | { readonly type: 'number' }
  | Readonly<Pick<CategoryColumn, 'type' | 'levels'>>
  | Readonly<Pick<BooleanColumn, 'type' | 'labels'>>
  | Readonly<Pick<TimestampColumn, 'type' | 'unit' | 'origin'>>;

/** One for each feature, in their order. */
export type Codebook = readonly Codes[];

/** Returns what the codes of the columns mean; undefined if all are numbers, which mean themselves. */
export function codebookOf(columns: readonly Column[] | undefined): Codebook | undefined {
  if (columns === undefined || columns.every(({ type }) => type === 'number')) return undefined;
  return columns.map(codesOf);
}

function codesOf(column: Column): Codes {
  switch (column.type) {
    case 'number':
      return { type: 'number' };
    case 'category':
      return { type: 'category', levels: column.levels };
    case 'boolean':
      return { type: 'boolean', labels: column.labels };
    case 'timestamp':
      return { type: 'timestamp', unit: column.unit, origin: column.origin };
  }
}

/** Returns true if the columns have the same types. Without a codebook, all are numbers. */
export function sameTypes(a: Codebook | undefined, b: Codebook | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every(({ type }, j) => type === b[j]!.type);
}

/** What a code stands for, to be coded by another column: milliseconds since 1970 are a Date. Null for a gap, and for an unknown level. */
export type Meaning = number | string | boolean | Date | null;

export function meaningOf(codes: Codes, code: number): Meaning {
  if (Number.isNaN(code)) return null;
  switch (codes.type) {
    case 'number':
      return code;
    case 'category':
      return codes.levels[code] ?? null;
    case 'boolean':
      return code !== 0;
    case 'timestamp':
      return new Date(codes.origin + code * UNIT_MS[codes.unit]);
  }
}

import type { Column } from '../../columns/column.js';
import type { OtherMarks } from '../../columns/notation/notation-inference.js';
import type { DateOrder } from '../../columns/times.js';
import type { Example } from './raw-column.js';

/** What becomes of a column. `column` lacks its share of gaps and the counts of its levels, which only the rows that are kept have. */
export type Decision = Decided | LeftOutDecision | { readonly is: 'refused'; readonly message: string };

export interface Decided {
  readonly is: 'column';
  readonly column: Column;
  /** Returns the code of a text that is in the column's dictionary. */
  readonly code: (text: string) => number;
  /** Milliseconds of a unit of its numbers, if these are times. */
  readonly milliseconds?: number;
  readonly why: string;
}

interface LeftOutDecision {
  readonly is: 'left_out';
  readonly reason: string;
  /** What it could be nevertheless. */
  readonly otherwise?: Decided;
}

export interface DecisionTerms {
  /** Rows of the table. */
  readonly rows: number;
  /** The caller or the serving model asks for the column: it is left out for no reason. */
  readonly isWanted: boolean;
  /** Its place among the columns. */
  readonly place: number;
  readonly decimal: '.' | ',' | undefined;
  /** The decimal mark of other columns. */
  readonly others: OtherMarks | undefined;
  /** The order of day, month and year in dates. */
  readonly order: DateOrder | undefined;
  /** Names a place: `line 7`. */
  readonly where: (place: number) => string;
}

/** A distinct text of a column. */
export interface Text extends Example {
  readonly count: number;
}

/** Cells that have one of the texts. */
export function cellsOf(texts: readonly Text[]): number {
  return texts.reduce((sum, { count }) => sum + count, 0);
}

export function leftOut(reason: string): LeftOutDecision {
  return { is: 'left_out', reason };
}

export function refused(message: string): Decision {
  return { is: 'refused', message };
}

import { type Codebook, codebookOf, sameTypes } from '../columns/codebook.js';
import type { Column } from '../columns/column.js';
import { type Columns, equalColumns } from '../tables/columns.js';

/** Columns, and what the codes of their rows mean: another version may have other codes. Without a codebook, all are numbers. */
export interface CodedColumns extends Columns {
  readonly codebook?: Codebook | undefined;
}

/** Returns the coded columns of a card. */
export function codedColumnsOf(card: Columns & { readonly columns?: readonly Column[] | undefined }): CodedColumns {
  const { features, targets } = card;
  const codebook = codebookOf(card.columns);
  return codebook ? { features, targets, codebook } : { features, targets };
}

/** Returns true if both have the same columns in the same order with the same types: rows of one can be coded as those of the other. */
export function interchangeable(a: CodedColumns, b: CodedColumns): boolean {
  return equalColumns(a, b) && sameTypes(a.codebook, b.codebook);
}

/** Returns the key of columns in the database: equal for columns whose rows are coded alike. That of numbers has only names. */
export function keyOf({ features, targets, codebook }: CodedColumns): string {
  return JSON.stringify(codebook ? [features, targets, codebook] : [features, targets]);
}

/** Reads a key. */
export function columnsOfKey(key: string): CodedColumns {
  const [features, targets, codebook] = JSON.parse(key) as [string[], string[], Codebook?];
  return codebook ? { features, targets, codebook } : { features, targets };
}

import type { CellKind, Cells } from '../cells.js';
import type { DeclaredType, RawColumn } from './raw-column.js';

/** Adds typed cells to a column. Texts are read as in a CSV: they may be numbers, dates or markers of a gap. */
export function addCells(column: RawColumn, kind: CellKind, { values, texts }: Cells): void {
  if (kind === 'number') {
    column.addNumbers(values);
    return;
  }
  for (const value of values) {
    if (Number.isNaN(value)) column.gap();
    else if (kind === 'text') column.cell(texts![value]!);
    else if (kind === 'instant') column.instant(value);
    else column.boolean(value === 1);
  }
}

/** Returns what a file declares of a column. Truth values and times are none of a category, even if a dictionary holds them. */
export function declaredType(kind: CellKind, isIndex: boolean, isCategory: boolean): DeclaredType | undefined {
  if (isIndex) return 'index';
  return isCategory && (kind === 'text' || kind === 'number') ? 'category' : undefined;
}

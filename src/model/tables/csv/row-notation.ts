import { show } from '../../../base/domain-error.js';
import type { Column, Notation } from '../../columns/column.js';
import { isGap } from '../../columns/notation/gaps.js';
import { inferNotation } from '../../columns/notation/notation-inference.js';
import type { RowModel } from '../row-model.js';
import { invalidRows } from '../rows.js';

/** Rows that show how the numbers of a CSV are written, and cells: they are read at once. */
const MAX_ROWS = 1000;
const MAX_CELLS = 2 ** 14;

/** Returns the number of rows, of `features` cells each, that show how their numbers are written. */
export function sampleRowsOf(features: number): number {
  return Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_CELLS / features)));
}

/** The first rows of a CSV, and where the features are in them. */
export interface SampleRows {
  readonly records: readonly (readonly string[])[];
  readonly places: readonly number[];
  readonly delimiter: string;
  /** Names the place of a feature's cell. */
  readonly where: (record: number, feature: number) => string;
}

/**
 * Returns the model as rows to be predicted are written: they may have decimal commas, although the table of the training had decimal
 * points, if commas do not separate their cells. All numbers of the first rows must be written so, and one of them must show
 * that its comma separates no thousands. Throws `INVALID_ROWS` if none of them does.
 */
export function asWritten(model: RowModel, { records, places, delimiter, where }: SampleRows): RowModel {
  if (delimiter === ',') return model;
  const plain = model.features.flatMap((_, j) => (isPlainNumber(model.columns?.[j]) ? [j] : []));
  const texts = new Map<string, { text: string; count: number; place: [record: number, feature: number] }>();
  let [hasCommas, cells] = [false, 0];
  for (const [r, record] of records.entries()) {
    for (const j of plain) {
      const text = record[places[j]!]?.trim() ?? '';
      if (isGap(text)) continue;
      cells++;
      hasCommas ||= text.includes(',');
      const known = texts.get(text);
      if (known) known.count++;
      else texts.set(text, { text, count: 1, place: [r, j] });
    }
  }
  if (!hasCommas) return model;
  const { notation, weight, certain } = inferNotation(texts.values());
  if (weight < cells) return model;
  if (!notation) {
    const { text, place } = Array.from(texts.values()).find((each) => each.text.includes(','))!;
    throw invalidRows(
      `${where(...place)}: ${show(text)} could have a decimal comma or groups of three digits; write it with a decimal point`,
    );
  }
  const { decimal, thousands, unit } = notation;
  if (!certain || decimal !== ',' || unit !== undefined) return model;
  return withNotation(model, plain, thousands === undefined ? { decimal } : { decimal, thousands });
}

function isPlainNumber(column: Column | undefined): boolean {
  return column === undefined || (column.type === 'number' && column.notation === undefined);
}

function withNotation(model: RowModel, plain: readonly number[], notation: Notation): RowModel {
  const columns = model.features.map((name, j): Column => {
    const column = model.columns?.[j] ?? { name, type: 'number', missing: 0, range: [0, 0] };
    return column.type === 'number' && plain.includes(j) ? { ...column, notation } : column;
  });
  return { ...model, columns };
}

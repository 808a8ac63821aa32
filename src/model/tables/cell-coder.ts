import { show } from '../../base/domain-error.js';
import { codeOfInstant } from '../columns/coding.js';
import type { Column } from '../columns/column.js';
import type { CellKind, Cells } from './cells.js';
import { codeText, codeValue, type RowModel } from './row-model.js';
import { isFloat32 } from './rows.js';

/**
 * Writes the codes of cells, the first of which is in row `first`, into column `feature` of `rows` `[≥ first + cells, width]`. Throws
 * `INVALID_ROWS`.
 */
export type CellCoder = (cells: Cells, first: number, rows: Float32Array, feature: number, width: number) => void;

/** Returns the code of cell `i`, which is in row `row`: the number in the rows that stands for it. */
type Code = (cells: Cells, i: number, row: number) => number;
type ValueCode = (value: unknown, row: number) => number;
type TextCode = (text: string, row: number) => number;

/** Names the place of a feature's cell in a row, for messages. */
type Place = (row: number) => string;

/** Codes cells of a kind as a feature of the model. */
export function cellCoder(
  model: RowModel,
  feature: number,
  kind: CellKind,
  place: Place = (row) => `instances[${row}][${show(model.features[feature])}]`,
): CellCoder {
  const column = model.columns?.[feature];
  const valueCode: ValueCode = (value, row) => codeValue(model, feature, value, () => place(row));
  if (kind === 'number' && (!column || column.type === 'number')) return numberCoder(valueCode);
  const textCode: TextCode = (text, row) => codeText(model, feature, text, () => place(row));
  const code = codeOf(column, kind, valueCode, textCode);
  return (cells, first, rows, j, width) => {
    for (let i = 0, row = first; i < cells.values.length; i++, row++) {
      const isMissing = Number.isNaN(cells.values[i]!);
      rows[row * width + j] = isMissing ? valueCode(null, row) : code(cells, i, row);
    }
  };
}

/** Numbers of a column of numbers are their own codes. */
function numberCoder(valueCode: ValueCode): CellCoder {
  return ({ values }, first, rows, j, width) => {
    for (let i = 0, at = first * width + j; i < values.length; i++, at += width) {
      const number = values[i]!;
      rows[at] = isFloat32(number) ? number : valueCode(Number.isNaN(number) ? null : number, first + i);
    }
  };
}

function codeOf(column: Column | undefined, kind: CellKind, valueCode: ValueCode, textCode: TextCode): Code {
  switch (kind) {
    case 'number':
      return ({ values }, i, row) => valueCode(values[i], row);
    case 'boolean':
      return ({ values }, i, row) => valueCode(values[i] === 1, row);
    case 'instant':
      if (column?.type === 'timestamp') return ({ values }, i) => codeOfInstant(column, values[i]!);
      return ({ values }, i, row) => textCode(new Date(values[i]!).toISOString(), row);
    case 'text':
      return onceEach((text, row) => textCode(text, row));
  }
}

/** Codes each text of a list only once: a dictionary has few. */
function onceEach(code: (text: string, row: number) => number): Code {
  let known: readonly string[] | undefined;
  let codes: number[] = [];
  return ({ values, texts }, i, row) => {
    if (texts !== known) {
      known = texts;
      codes = [];
    }
    const index = values[i]!;
    codes[index] ??= code(texts![index]!, row);
    return codes[index];
  };
}

import { show } from '../../base/domain-error.js';
import { codeOfInstant } from '../columns/coding.js';
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

/** Codes cells of a kind as a feature of the model. */
export function cellCoder(model: RowModel, feature: number, kind: CellKind): CellCoder {
  const column = model.columns?.[feature];
  if (kind === 'number' && (!column || column.type === 'number')) return numberCoder(model, feature);
  const code = codeOf(model, feature, kind);
  return (cells, first, rows, j, width) => {
    for (let i = 0, row = first; i < cells.values.length; i++, row++) {
      const isMissing = Number.isNaN(cells.values[i]!);
      rows[row * width + j] = isMissing ? valueCode(model, feature, null, row) : code(cells, i, row);
    }
  };
}

/** Numbers of a column of numbers are their own codes. */
function numberCoder(model: RowModel, feature: number): CellCoder {
  return ({ values }, first, rows, j, width) => {
    for (let i = 0, at = first * width + j; i < values.length; i++, at += width) {
      const number = values[i]!;
      rows[at] = isFloat32(number)
        ? number
        : valueCode(model, feature, Number.isNaN(number) ? null : number, first + i);
    }
  };
}

function codeOf(model: RowModel, feature: number, kind: CellKind): Code {
  const column = model.columns?.[feature];
  switch (kind) {
    case 'number':
      return ({ values }, i, row) => valueCode(model, feature, values[i], row);
    case 'boolean':
      return ({ values }, i, row) => valueCode(model, feature, values[i] === 1, row);
    case 'instant':
      if (column?.type === 'timestamp') return ({ values }, i) => codeOfInstant(column, values[i]!);
      return ({ values }, i, row) => textCode(model, feature, new Date(values[i]!).toISOString(), row);
    case 'text':
      return onceEach((text, row) => textCode(model, feature, text, row));
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

function valueCode(model: RowModel, feature: number, value: unknown, row: number): number {
  return codeValue(model, feature, value, () => `instances[${row}][${show(model.features[feature])}]`);
}

function textCode(model: RowModel, feature: number, text: string, row: number): number {
  return codeText(model, feature, text, () => `instances[${row}][${show(model.features[feature])}]`);
}

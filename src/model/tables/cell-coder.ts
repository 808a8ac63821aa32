import { show } from '../../base/domain-error.js';
import { codeOfInstant } from '../columns/coding.js';
import type { CellKind, Cells } from './cells.js';
import { codeText, codeValue, type RowModel } from './row-model.js';
import { isFloat32 } from './rows.js';

/** Returns the code of cell `i`, which is in row `row`: the number in the rows that stands for it. Throws `INVALID_ROWS`. */
export type CellCoder = (cells: Cells, i: number, row: number) => number;

/** Codes cells of a kind as a feature of the model. */
export function cellCoder(model: RowModel, feature: number, kind: CellKind): CellCoder {
  const column = model.columns?.[feature];
  const name = show(model.features[feature]);
  const value = (cell: unknown, row: number) => codeValue(model, feature, cell, () => `instances[${row}][${name}]`);
  const text = (cell: string, row: number) => codeText(model, feature, cell, () => `instances[${row}][${name}]`);
  const present = (code: CellCoder): CellCoder => {
    return (cells, i, row) => (Number.isNaN(cells.values[i]!) ? value(null, row) : code(cells, i, row));
  };
  switch (kind) {
    case 'number':
      if (column && column.type !== 'number') return present(({ values }, i, row) => value(values[i], row));
      return ({ values }, i, row) => {
        const number = values[i]!;
        return isFloat32(number) ? number : value(Number.isNaN(number) ? null : number, row);
      };
    case 'boolean':
      return present(({ values }, i, row) => value(values[i] === 1, row));
    case 'instant':
      if (column?.type === 'timestamp') return present(({ values }, i) => codeOfInstant(column, values[i]!));
      return present(({ values }, i, row) => text(new Date(values[i]!).toISOString(), row));
    case 'text':
      return present(onceEach(text));
  }
}

/** Codes each text of a list only once: a dictionary has few. */
function onceEach(code: (text: string, row: number) => number): CellCoder {
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

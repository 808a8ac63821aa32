import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CellKind, Cells } from '../../src/model/tables/cells.js';

// Written by Apache's and pandas' own libraries: scripts/data/pyarrow-fixtures.py.
const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/pyarrow/', import.meta.url));

export type Value = string | number | boolean | null;

export function pyarrowFixture(name: string): Buffer {
  return readFileSync(FIXTURES + name);
}

/** What the columns of types.* are to become; null for one that is not read. */
export function expectedTypes(): Record<string, Value[] | null> {
  return JSON.parse(pyarrowFixture('types.json').toString());
}

/** The values that cells stand for. */
export function valuesOf(kind: CellKind, { values, texts }: Cells): Value[] {
  return [...values].map((value) => {
    if (Number.isNaN(value)) return null;
    return kind === 'text' ? texts![value]! : kind === 'boolean' ? value === 1 : value;
  });
}

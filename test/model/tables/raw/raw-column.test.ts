import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../../../src/model/tables/raw/column-decision.js';
import { RawColumn } from '../../../../src/model/tables/raw/raw-column.js';

test('texts that were forgotten because memory was short are not taken for gaps in a column of numbers', () => {
  const cells = new Float64Array(8);
  const column: RawColumn = new RawColumn(
    'a',
    undefined,
    { cells, words: new Uint32Array(cells.buffer) },
    { budget: { left: 10_000 }, order: undefined, place: () => column.filled + 1, onFull: () => false },
  );
  for (const text of ['1', '2', '3', '4']) column.cell(text);
  column.settle(undefined, undefined);
  for (const text of ['much', '5', 'much']) column.cell(text);
  column.cell('NA');
  column.forget();
  column.observe(0);
  const where = (place: number) => `row ${place}`;
  const terms = { rows: 8, isWanted: false, place: 0, decimal: undefined, others: undefined, order: undefined, where };
  assert.deepEqual(decide(column, terms), {
    is: 'refused',
    message:
      'column "a": 2 of 7 cells are neither a number nor a known marker of a gap: "much" (row 5); ' +
      'types=a:category takes it as text, drop=a leaves the column out',
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Column } from '../../../../src/model/columns/column.js';
import { RawTable, type RawTableOptions } from '../../../../src/model/tables/raw/raw-table.js';
import { readTable } from '../../../../src/model/tables/table-file.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

type Cells = readonly (string | number | boolean | Date | null)[];

/** Makes a table of columns: numbers, booleans, dates, gaps, and texts as a CSV has them. */
function table(t: TestContext, columns: Record<string, Cells>, options: Partial<RawTableOptions> = {}) {
  const directory = temporaryDirectory(t);
  const names = Object.keys(columns).map((name) => ({ name }));
  const raw = new RawTable(directory, names, { targets: ['y'], ...options });
  const rows = Object.values(columns)[0]!.length;
  for (let r = 0; r < rows; r++) {
    for (const column of raw.columns) {
      const cell = columns[column.name]![r]!;
      if (typeof cell === 'string') column.cell(cell);
      else if (cell instanceof Date) column.instant(cell.getTime());
      else column.value(cell);
    }
    raw.endRow();
  }
  raw.finish();
  raw[Symbol.dispose]();
  const { info, data } = readTable(directory);
  assert.equal(existsSync(join(directory, 'cells.f64')), false);
  return { info, data, column: (name: string) => codesOf(data.features, info.features, name) };
}

function codesOf(features: Float32Array, names: readonly string[], name: string): number[] {
  const at = names.indexOf(name);
  return [...features].filter((_, i) => i % names.length === at);
}

function repeated<T>(rows: number, ...cells: readonly T[]): T[] {
  return Array.from({ length: rows }, (_, i) => cells[i % cells.length]!);
}

const ROWS = 24;
const y = Array.from({ length: ROWS }, (_, i) => i * i);

test('warnings about numbers are of numbers: times and texts have none', (t) => {
  const { info } = table(
    t,
    {
      when: Array.from({ length: ROWS }, (_, i) => `2020-07-${10 + i / 2}`.slice(0, 10).concat('T00:00:00Z')),
      sold: Array.from({ length: ROWS }, (_, i) => `2020-07-31 12:${10 + i}`),
      price: repeated(ROWS, '$1,301.66', '$813.92'),
      zip: repeated(ROWS, '01234', '00501', '98101'),
      y,
    },
    { choices: { types: { zip: 'category' } } },
  );
  const warned = Object.entries(info.warnings).filter(([name, warnings]) => name !== 'y' && warnings.length > 0);
  assert.deepEqual(
    warned.map(([name]) => name),
    ['price'],
  );
  assert.match(warned[0]![1][0]!, /^numbers in another notation: "\$1,301.66"/);
});

test('cells of every kind become codes, and gaps NaN', (t) => {
  const day = (n: number) => new Date(Date.UTC(2024, 0, n));
  const { info, column } = table(t, {
    n: repeated<number | null>(ROWS, 1.5, null, 3),
    city: repeated<string>(ROWS, 'Oslo', 'Rome', 'Oslo', ''),
    sold: repeated<string>(ROWS, 'yes', 'no', 'NA'),
    when: repeated<Date>(ROWS, day(3), day(1), day(9)),
    y,
  });
  assert.deepEqual(info.features, ['n', 'city', 'sold', 'when']);
  assert.deepEqual(column('n').slice(0, 3), [1.5, Number.NaN, 3]);
  assert.deepEqual(column('city').slice(0, 4), [0, 1, 0, Number.NaN]);
  assert.deepEqual(column('sold').slice(0, 3), [1, 0, Number.NaN]);
  assert.deepEqual(column('when').slice(0, 3), [2, 0, 8]);
  const expected: Column[] = [
    { name: 'n', type: 'number', missing: 1 / 3, range: [1.5, 3] },
    { name: 'city', type: 'category', missing: 1 / 4, levels: ['Oslo', 'Rome'], counts: [12, 6] },
    { name: 'sold', type: 'boolean', missing: 1 / 3, labels: ['no', 'yes'] },
    { name: 'when', type: 'timestamp', missing: 0, unit: 'day', origin: Date.UTC(2024, 0, 1), range: [0, 8] },
  ];
  assert.deepEqual(info.columns, expected);
  assert.deepEqual([info.rows, info.dropped, info.missing['n']], [ROWS, 0, 8]);
});

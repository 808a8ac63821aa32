import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Codebook, type Codes, meaningOf } from '../columns/codebook.js';
import type { Column } from '../columns/column.js';
import { openBytes } from './byte-source.js';
import { type Columns, columnsOf } from './columns.js';
import type { LabelledRows } from './labelled-rows.js';
import type { RawColumn } from './raw/raw-column.js';
import { RawTable } from './raw/raw-table.js';
import type { ServingColumns } from './table-choices.js';
import type { TableInfo } from './table-file.js';
import type { TableLimits } from './table-limits.js';

/** Labelled rows that are coded alike. */
export interface CodedRows extends LabelledRows {
  /** What the codes of the features mean; undefined if all are numbers. */
  readonly codebook: Codebook | undefined;
}

/** What stands before the numbers of a batch, as JSON. */
interface Head {
  readonly rows: number;
  /** `same` as that of the batch before. */
  readonly codebook: Codebook | 'same' | null;
}

/**
 * Writes labelled rows to a file, for `appendRowFile`: for each batch the length of its head, its head, its features and its
 * targets. NaN is a missing value.
 */
export async function writeRowFile(path: string, batches: AsyncIterable<CodedRows>): Promise<void> {
  await pipeline(async function* () {
    let last = '';
    for await (const { rows, codebook, features, targets } of batches) {
      const book = JSON.stringify(codebook ?? null);
      const head: Head = { rows, codebook: book === last ? 'same' : (codebook ?? null) };
      last = book;
      const json = Buffer.from(JSON.stringify(head));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(json.length);
      yield Buffer.concat([length, json, bytesOf(features), bytesOf(targets)]);
    }
  }, createWriteStream(path));
}

/**
 * Adds the rows of a file of `columns` to a table, as the values that their codes stand for. Columns that the table has beside them
 * have no cell in these rows. Yields to the event loop.
 */
export async function appendRowFile(path: string, columns: ServingColumns, table: RawTable): Promise<void> {
  using file = openBytes(path);
  const { features, targets } = columns;
  const [width, depth] = [features.length, targets.length];
  let codebook: Codebook | undefined;
  for (let at = 0; at < file.length; ) {
    const start = at + 4 + Buffer.from(file.read(at, at + 4)).readUInt32LE();
    const { rows, codebook: own } = JSON.parse(Buffer.from(file.read(at + 4, start)).toString()) as Head;
    if (own !== 'same') codebook = own ?? undefined;
    const middle = start + 4 * rows * width;
    at = middle + 4 * rows * depth;
    const [codes, values] = [floatsOf(file.read(start, middle)), floatsOf(file.read(middle, at))];
    const adders = table.columns.map((column) => {
      const [feature, target] = [features.indexOf(column.name), targets.indexOf(column.name)];
      if (target >= 0) return (r: number) => column.number(values[r * depth + target]!);
      if (feature < 0) return () => column.absent();
      const add = adderOf(column, codebook?.[feature], columns.columns?.[feature]);
      return (r: number) => add(codes[r * width + feature]!);
    });
    for (let r = 0; r < rows; r++) {
      for (const add of adders) add(r);
      table.endRow();
    }
    await nextTurn();
  }
}

/** Writes the rows of a file of `columns` to a table. Throws what `RawTable.finish` throws. */
export async function rowFileToTable(
  path: string,
  directory: string,
  columns: ServingColumns,
  limits: TableLimits,
): Promise<TableInfo> {
  const names = [...columns.features, ...columns.targets];
  const order = (): Columns => columnsOf(columns);
  using table = new RawTable(
    directory,
    names.map((name) => ({ name })),
    { targets: columns.targets, serving: columns, order, limits },
  );
  await appendRowFile(path, columns, table);
  return table.finish();
}

/** Returns a function that adds what a code stands for. Truth values are written as those of the model. */
function adderOf(column: RawColumn, codes: Codes | undefined, model: Column | undefined): (code: number) => void {
  if (!codes || codes.type === 'number') return (code) => column.number(code);
  const labels = model?.type === 'boolean' ? model.labels : undefined;
  return (code) => {
    const meaning = meaningOf(codes, code);
    if (meaning === null) column.gap();
    else if (meaning instanceof Date) column.instant(meaning.getTime());
    else if (typeof meaning === 'boolean' && labels) column.text(labels[Number(meaning)]!);
    else column.value(meaning);
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function floatsOf({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

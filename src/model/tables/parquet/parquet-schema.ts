import type { FileMetaData, RowGroup, SchemaElement } from 'hyparquet';
import { show } from '../../../base/domain-error.js';
import { typeNameOf } from '../arrow/arrow-schema.js';
import { ArrowStream } from '../arrow/arrow-stream.js';
import { bytesOf } from '../byte-source.js';
import { MAX_COLUMNS } from '../columns.js';
import { pandasNotes } from '../pandas.js';
import { declaredType } from '../raw/add-cells.js';
import type { DeclaredType } from '../raw/raw-column.js';
import type { LeftOut } from '../table-choices.js';
import { invalidParquet } from './parquet-error.js';
import { type ParquetType, parquetType, typeName } from './parquet-type.js';

/** Maximum number of elements of a schema: columns, and what they consist of. */
const MAX_ELEMENTS = 10_000;

export interface ParquetColumn {
  readonly name: string;
  readonly type: ParquetType;
  readonly declared: DeclaredType | undefined;
}

export interface ParquetSchema {
  /** The columns that are read, in order. */
  readonly columns: readonly ParquetColumn[];
  readonly unreadable: readonly LeftOut[];
  /** For the library: as if the file had no columns but these. */
  readonly metadata: FileMetaData;
}

/**
 * Reads the schema of a Parquet file. Throws `INVALID_PARQUET` with the column or the row group unless the row groups match it.
 */
export function parquetSchema(metadata: FileMetaData): ParquetSchema {
  const { schema, row_groups: groups, num_rows: rows } = metadata;
  const [root, ...elements] = schema;
  if (!root || elements.length === 0) throw invalidParquet('expected at least one column, got none');
  if (elements.length > MAX_ELEMENTS) {
    throw invalidParquet(`expected at most ${MAX_ELEMENTS} elements of the schema, got ${elements.length}`);
  }
  const found = topColumns(elements);
  if (root.num_children !== found.length) throw invalidParquet('its schema does not have the columns that it declares');
  checkNames(found.map(({ element }) => element.name));
  const total = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (total !== rows) throw invalidParquet(`the footer declares ${rows} rows, but its row groups add up to ${total}`);
  const notes = pandasNotes(
    entry(metadata, 'pandas'),
    found.map(({ element }) => element.name),
  );
  const arrow = arrowNotes(entry(metadata, 'ARROW:schema'));
  const unreadable: LeftOut[] = [];
  const columns: (ParquetColumn & { readonly leaf: number })[] = [];
  for (const { element, leaf } of found) {
    const { name } = element;
    const type = parquetType(element);
    const reason = `values of type ${arrow.unread.get(name) ?? typeName(element)} are not learned from`;
    if (!type || arrow.unread.has(name)) unreadable.push({ name, reason });
    else {
      const isCategory = type.isCategory || notes.categories.has(name) || arrow.categories.has(name);
      const declared = declaredType(type.kind, notes.index.has(name), isCategory);
      columns.push({ name, type, declared, leaf });
    }
  }
  const leaves = elements.filter(isLeaf).length;
  const read = columns.map(({ leaf }) => leaf);
  groups.forEach((group, i) => {
    if (group.num_rows < 0n) throw invalidParquet(`row group ${i} has ${group.num_rows} rows`);
    if (group.columns.length !== leaves) {
      throw invalidParquet(`row group ${i}: expected ${leaves} columns, got ${group.columns.length}`);
    }
    for (const { leaf, type } of columns) checkChunk(group, i, leaf, type.element);
  });
  return {
    columns,
    unreadable,
    metadata: {
      ...metadata,
      schema: [{ ...root, num_children: columns.length }, ...columns.map(({ type }) => type.element)],
      row_groups: groups.map((group) => ({ ...group, columns: read.map((leaf) => group.columns[leaf]!) })),
      key_value_metadata: [],
    },
  };
}

/** Returns the first element of each column, and how many leaves precede it. */
function topColumns(elements: readonly SchemaElement[]): { element: SchemaElement; leaf: number }[] {
  const columns: { element: SchemaElement; leaf: number }[] = [];
  let leaf = 0;
  for (let at = 0; at < elements.length; ) {
    columns.push({ element: elements[at]!, leaf });
    if (columns.length > MAX_COLUMNS) throw invalidParquet(`expected at most ${MAX_COLUMNS} columns, got more`);
    // Elements follow each other depth first.
    for (let open = 1; open > 0; at++) {
      const element = elements[at];
      const children = element?.num_children ?? 0;
      if (!element || children < 0) throw invalidParquet('its schema ends early');
      if (isLeaf(element)) leaf++;
      open += children - 1;
    }
  }
  return columns;
}

function isLeaf({ num_children: children }: SchemaElement): boolean {
  return !children;
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '') throw invalidParquet('a column has no name');
    if (name.includes('\ufffd')) throw invalidParquet(`column ${show(name)}: its name is not UTF-8`);
    if (seen.has(name)) throw invalidParquet(`column ${show(name)} appears twice`);
    seen.add(name);
  }
}

function checkChunk({ columns, num_rows: rows }: RowGroup, group: number, leaf: number, element: SchemaElement): void {
  const where = `row group ${group}, column ${show(element.name)}`;
  const { meta_data: data, file_path: path } = columns[leaf]!;
  if (!data) throw invalidParquet(`${where}: it is encrypted or damaged`);
  if (path) throw invalidParquet(`${where}: it is in another file`);
  const { path_in_schema: names, type, num_values: values } = data;
  if (names.length !== 1 || names[0] !== element.name || type !== element.type) {
    throw invalidParquet(`${where}: it does not match the schema`);
  }
  if (values !== rows) throw invalidParquet(`${where}: expected ${rows} values, got ${values}`);
}

function entry({ key_value_metadata: entries = [] }: FileMetaData, key: string): string | undefined {
  return entries.find((each) => each.key === key)?.value;
}

/** Reads what Arrow's writers note of the types that a column had: a dictionary, or one that Parquet has no type for. */
function arrowNotes(schema: string | undefined): { categories: Set<string>; unread: Map<string, string> } {
  const categories = new Set<string>();
  const unread = new Map<string, string>();
  try {
    const { columns } = new ArrowStream(bytesOf(Buffer.from(schema ?? '', 'base64')));
    for (const column of columns) {
      const { name, type, dictionary } = column;
      if (!type) unread.set(name, typeNameOf(column));
      else if (dictionary) categories.add(name);
    }
  } catch {
    // Other programs may have left anything there.
  }
  return { categories, unread };
}

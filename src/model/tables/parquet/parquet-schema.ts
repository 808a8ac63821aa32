import type { FileMetaData, SchemaElement } from 'hyparquet';
import { DomainError, show } from '../../../base/domain-error.js';
import { MAX_COLUMNS } from '../columns.js';

const INTEGERS = /^U?INT_(8|16|32|64)$/;

/**
 * Returns the column names, in order, of a Parquet file. Throws `INVALID_PARQUET` with the column or the row group, unless
 * every column holds plain numbers and the row groups match the schema.
 */
export function parquetColumns({ schema, row_groups: groups, num_rows: rows }: FileMetaData): string[] {
  const [root, ...elements] = schema;
  if (!root || elements.length === 0) throw invalid('expected at least one column, got none');
  if (elements.length > MAX_COLUMNS) {
    throw invalid(`expected at most ${MAX_COLUMNS} columns, got ${elements.length}`);
  }
  const seen = new Set<string>();
  for (const element of elements) {
    const { name } = element;
    if (name === '') throw invalid('a column has no name');
    if (seen.has(name)) throw invalid(`column ${show(name)} appears twice`);
    seen.add(name);
    const content = nonNumericContent(element);
    if (content !== undefined) throw invalid(`column ${show(name)}: expected integers or floats, got ${content}`);
  }
  if (root.num_children !== elements.length) throw invalid('its schema is not that of a flat table');
  const total = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (total !== rows) throw invalid(`the footer declares ${rows} rows, but its row groups add up to ${total}`);
  groups.forEach(({ columns, num_rows: count }, i) => {
    if (count < 0n) throw invalid(`row group ${i} has ${count} rows`);
    if (columns.length !== elements.length) {
      throw invalid(`row group ${i}: expected ${elements.length} columns, got ${columns.length}`);
    }
    columns.forEach(({ meta_data: data, file_path: path }, j) => {
      const where = `row group ${i}, column ${show(elements[j]!.name)}`;
      if (!data) throw invalid(`${where}: it is encrypted or damaged`);
      if (path) throw invalid(`${where}: it is in another file`);
      const { path_in_schema: names, type, num_values: values } = data;
      if (names.length !== 1 || names[0] !== elements[j]!.name || type !== elements[j]!.type) {
        throw invalid(`${where}: it does not match the schema`);
      }
      if (values !== count) throw invalid(`${where}: expected ${count} values, got ${values}`);
    });
  });
  return elements.map(({ name }) => name);
}

/** Describes what a column that is not numeric holds. Returns undefined for a numeric column. */
function nonNumericContent(element: SchemaElement): string | undefined {
  const { type, converted_type: converted, logical_type: logical, num_children: children } = element;
  if (children || !type) return 'a group';
  if (element.repetition_type === 'REPEATED') return 'lists';
  const meaning = logical?.type ?? converted;
  if (type === 'FIXED_LEN_BYTE_ARRAY' && meaning === 'FLOAT16') return undefined;
  if (!['INT32', 'INT64', 'FLOAT', 'DOUBLE'].includes(type)) return meaning ?? type;
  return meaning === undefined || meaning === 'INTEGER' || INTEGERS.test(meaning) ? undefined : meaning;
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_PARQUET', `Parquet file: ${message}`);
}

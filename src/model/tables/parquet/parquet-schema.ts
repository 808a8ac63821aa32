import type { FileMetaData, SchemaElement } from 'hyparquet';
import { DomainError, show } from '../../../base/domain-error.js';
import { MAX_COLUMNS } from '../table-file.js';

const INTEGERS = /^U?INT_(8|16|32|64)$/;

/**
 * The names of the columns, in order, of a Parquet file that holds nothing but plain numbers, and whose row groups are
 * what the schema says. Throws `INVALID_PARQUET`, naming the column or the row group.
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
    if (seen.has(name)) throw invalid(`column ${show(name)} is there twice`);
    seen.add(name);
    const other = otherThanNumbers(element);
    if (other !== undefined) throw invalid(`column ${show(name)}: expected integers or floats, got ${other}`);
  }
  if (root.num_children !== elements.length) throw invalid('its schema is not that of a table');
  const counted = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (counted !== rows) throw invalid(`it tells of ${rows} rows, its row groups of ${counted}`);
  groups.forEach(({ columns, num_rows: count }, i) => {
    if (count < 0n) throw invalid(`row group ${i} has ${count} rows`);
    if (columns.length !== elements.length) {
      throw invalid(`row group ${i}: expected ${elements.length} columns, got ${columns.length}`);
    }
    columns.forEach(({ meta_data: data, file_path: path }, j) => {
      const where = `row group ${i}, column ${show(elements[j]!.name)}`;
      if (!data) throw invalid(`${where}: it is encrypted, or damaged`);
      if (path) throw invalid(`${where}: it is in another file`);
      const { path_in_schema: names, type, num_values: values } = data;
      if (names.length !== 1 || names[0] !== elements[j]!.name || type !== elements[j]!.type) {
        throw invalid(`${where}: it is not that of the schema`);
      }
      if (values !== count) throw invalid(`${where}: expected ${count} values, got ${values}`);
    });
  });
  return elements.map(({ name }) => name);
}

/** What a column holds that is no number; undefined if it holds numbers. */
function otherThanNumbers(element: SchemaElement): string | undefined {
  const { type, converted_type: converted, logical_type: logical, num_children: children } = element;
  if (children || !type) return 'a group';
  if (element.repetition_type === 'REPEATED') return 'lists';
  const meaning = logical?.type ?? converted;
  if (type === 'FIXED_LEN_BYTE_ARRAY' && meaning === 'FLOAT16') return undefined;
  if (!['INT32', 'INT64', 'FLOAT', 'DOUBLE'].includes(type)) return meaning ?? type;
  return meaning === undefined || meaning === 'INTEGER' || INTEGERS.test(meaning) ? undefined : meaning;
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_PARQUET', `body: ${message}`);
}

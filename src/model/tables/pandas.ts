import { isObject, readJson } from '../../base/json/parse-json.js';

/** What pandas notes in the metadata of a table that it writes, under the key `pandas`. */
export interface PandasNotes {
  /** Columns that were the index of the frame. */
  readonly index: ReadonlySet<string>;
  /** Columns that are categories, whatever their values. */
  readonly categories: ReadonlySet<string>;
}

/** The names that pandas gives to the levels of an index without a name. */
const UNNAMED_INDEX = /^__index_level_\d+__$/;

/**
 * Reads the metadata of pandas (https://pandas.pydata.org/docs/development/developer.html). A name that only pandas gives to an
 * index counts as one without the metadata too, which not every program keeps. Metadata of another form is ignored.
 */
export function pandasNotes(metadata: string | undefined, columns: readonly string[]): PandasNotes {
  const index = new Set(columns.filter((name) => UNNAMED_INDEX.test(name)));
  const categories = new Set<string>();
  const notes = parsed(metadata);
  const known = new Set(columns);
  for (const name of listIn(notes, 'index_columns')) {
    // A range is an object: it has no column.
    if (typeof name === 'string' && known.has(name)) index.add(name);
  }
  for (const column of listIn(notes, 'columns')) {
    if (!isObject(column) || column['pandas_type'] !== 'categorical') continue;
    const name = column['field_name'] ?? column['name'];
    if (typeof name === 'string') categories.add(name);
  }
  return { index, categories };
}

function parsed(metadata: string | undefined): unknown {
  try {
    return metadata === undefined ? undefined : readJson(Buffer.from(metadata));
  } catch {
    return undefined;
  }
}

function listIn(notes: unknown, key: string): readonly unknown[] {
  const list = isObject(notes) ? notes[key] : undefined;
  return Array.isArray(list) ? list : [];
}

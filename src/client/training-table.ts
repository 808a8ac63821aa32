/** A table to train on: a file (CSV, Parquet, Arrow), the text of a CSV, or rows by name. */
export type TrainingTable = Blob | string | readonly object[];

/** Types of files by the ends of their names, for those that have none: browsers know only CSV. */
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
  feather: 'application/vnd.apache.arrow.file',
  arrows: 'application/vnd.apache.arrow.stream',
};

/** Returns the body of a request that trains on a table, and its content type. */
export function bodyOf(
  table: TrainingTable,
  target: string | readonly string[],
): { readonly body: Blob | string; readonly type: string } {
  if (typeof table === 'string') return { body: table, type: 'text/csv' };
  if (table instanceof Blob) {
    const { name = '' } = table as { name?: string };
    const known = TYPES[name.toLowerCase().replace(/.*\./, '')];
    return { body: table, type: known ?? (table.type || 'text/csv') };
  }
  return { body: JSON.stringify({ instances: table, target }), type: 'application/json' };
}

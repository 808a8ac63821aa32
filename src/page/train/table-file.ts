import type { TableReport } from '../client/api.js';

/** A file to train on, and what the service would make of its columns. */
export interface TableFile {
  readonly file: File;
  readonly report: TableReport;
}

export type ReportedColumn = TableReport['columns'][number];

/** Media types by the ending of a file's name. Any other file is taken for a CSV. */
const TYPES: Readonly<Record<string, string>> = {
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
  feather: 'application/vnd.apache.arrow.file',
  arrows: 'application/vnd.apache.arrow.stream',
};

/** The media type of a file, without compression. */
export function typeOf({ name }: File): string {
  const plain = name.toLowerCase().replace(/\.gz$/, '');
  return TYPES[plain.slice(plain.lastIndexOf('.') + 1)] ?? 'text/csv';
}

/** Names as a list in a query: a line of CSV. */
export function listOf(names: readonly string[]): string {
  return names.map((name) => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',');
}

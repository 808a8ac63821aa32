import { extname } from 'node:path';
import type { Destination } from '../terminal/destination.js';
import { UsageError } from '../terminal/exit-codes.js';
import { ArrowWriter } from './arrow-writer.js';
import { CsvWriter } from './csv-writer.js';
import { ParquetPredictions } from './parquet-writer.js';
import type { PredictionColumns, PredictionWriter } from './predicted-rows.js';

/** Formats of predictions: `arrow` is an Arrow file, `arrows` an Arrow stream. */
export const FORMATS = ['csv', 'parquet', 'arrow', 'arrows'] as const;
export type Format = (typeof FORMATS)[number];

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.txt': 'csv',
  '.parquet': 'parquet',
  '.pq': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.arrows': 'arrows',
};

/** Returns the format of a file of predictions, by its option or else its name. Throws a `UsageError` for an unknown one. */
export function predictionFormat(format: Format | undefined, out: string | undefined): Format {
  if (format) return format;
  if (out === undefined || out === '-' || out.startsWith('/dev/')) return 'csv';
  const known = EXTENSIONS[extname(out).toLowerCase()];
  if (known) return known;
  throw new UsageError(
    `--out ${out}: its extension names no format; use .csv, .parquet, .arrow or .arrows, or --format`,
  );
}

export function predictionWriter(format: Format, columns: PredictionColumns, to: Destination): PredictionWriter {
  switch (format) {
    case 'csv':
      return new CsvWriter(columns, to);
    case 'parquet':
      return new ParquetPredictions(columns, to);
    default:
      return new ArrowWriter(columns, to, format === 'arrow');
  }
}

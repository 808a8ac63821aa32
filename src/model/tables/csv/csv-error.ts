import type { CsvError } from 'csv-parse';
import { DomainError } from '../../../base/domain-error.js';
import { CSV_OPTIONS } from './csv-dialect.js';

const DOUBLED = 'write a quote that belongs to a text as "", and the text in quotes';
const SPACES = 'cells are separated by commas, semicolons, tabs or vertical bars, not by spaces';

/**
 * Returns the error of a CSV that cannot be parsed, with its place and the way out. `before` is the number of lines that the parser did not
 * see, and `lastLine` the line in which the last whole row ended; 0 before the first row.
 */
export function csvError(error: CsvError, before: number, lastLine: number): DomainError {
  const { lines, column } = error as unknown as { readonly lines: number; readonly column: number };
  const cell = `line ${before + lines}, column ${column + 1}`;
  return new DomainError(
    'INVALID_CSV',
    `the CSV: ${message(error, cell, lastLine === 0 ? 'the first row' : `the row after line ${lastLine}`, column + 1)}`,
    { cause: error },
  );
}

function message({ code, message: text }: CsvError, cell: string, row: string, column: number): string {
  switch (code as string) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return `${row}: a quote in column ${column} is not closed; close it, or ${DOUBLED}`;
    case 'CSV_INVALID_CLOSING_QUOTE':
      return `${cell}: text follows the quote that closes the cell; ${text.includes('got " "') ? SPACES : DOUBLED}`;
    case 'INVALID_OPENING_QUOTE':
      return `${cell}: a quote is in a text that has none around it; ${DOUBLED}`;
    case 'CSV_MAX_RECORD_SIZE':
      return `${row}: expected at most ${CSV_OPTIONS.max_record_size} bytes, got more; is a quote not closed?`;
    default:
      return `${cell}: ${text}`;
  }
}

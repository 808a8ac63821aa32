import { DomainError, show } from '../../../base/domain-error.js';
import { type ColumnOrder, splitColumns } from '../columns.js';
import { RawTable } from '../raw/raw-table.js';
import type { ServingColumns, TableChoices } from '../table-choices.js';
import type { TableInfo } from '../table-file.js';
import type { TableLimits } from '../table-limits.js';
import { type CsvReport, type CsvSource, readCsv } from './csv-reader.js';

/** The text of a row of totals. */
const TOTAL = /^(?:(?:sub|grand )?totals?|sum|summe|gesamt|insgesamt)\s*:?$/i;

export interface CsvTableOptions {
  readonly limits?: TableLimits | undefined;
  readonly choices?: TableChoices | undefined;
  /** The model whose columns the table must have, with their types. */
  readonly serving?: ServingColumns | undefined;
  readonly isReport?: boolean | undefined;
  /** Adds rows after those of the CSV. */
  readonly append?: ((table: RawTable) => Promise<void>) | undefined;
}

/**
 * Streams a CSV with a header row (RFC 4180, and the dialects of spreadsheets) into a table on disk.
 *
 * Throws `INVALID_CSV` with the line, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export async function csvToTable(
  source: CsvSource,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder = (columns) => columns,
  { limits, choices = {}, serving, isReport, append }: CsvTableOptions = {},
): Promise<TableInfo> {
  let table: RawTable | undefined;
  let places: number[] = [];
  let last: readonly string[] = [];
  const begin = (header: readonly string[], reading: CsvReport) => {
    splitColumns(header, targets);
    const indices = new Map(header.map((name, i) => [name, i]));
    table = new RawTable(
      directory,
      header.map((name) => ({ name })),
      {
        targets,
        order,
        choices: { delimiter: reading.dialect.delimiter, ...choices },
        serving,
        limits,
        isReport,
        code: 'INVALID_CSV',
        place: () => reading.line(),
        where: (line) => `line ${line}`,
        notices: () => noticesOf(reading, choices),
      },
    );
    places = table.columns.map(({ name }) => indices.get(name)!);
  };
  const addRow = (record: readonly string[]) => {
    last = record;
    const { columns } = table!;
    for (let i = 0; i < columns.length; i++) columns[i]!.cell(record[places[i]!]!);
    table!.endRow();
  };
  const names = [...targets, ...(choices.features ?? [])];
  try {
    await readCsv(source, begin, addRow, { names, delimiter: choices.delimiter, charset: choices.charset });
    refuseTotals(table!, last, places);
    await append?.(table!);
    return table!.finish();
  } finally {
    table?.[Symbol.dispose]();
  }
}

/** Refuses a last row of totals in a table with a column of texts, where it would be one text more. */
function refuseTotals({ columns }: RawTable, last: readonly string[], places: readonly number[]): void {
  columns.forEach(({ dictionary: { texts, counts, places: lines } }, i) => {
    const text = last[places[i]!]?.trim() ?? '';
    const index = texts.indexOf(text);
    if (!TOTAL.test(text) || counts[index] !== 1) return;
    throw new DomainError('INVALID_CSV', `line ${lines[index]}: ${show(text)} looks like a row of totals; remove it`);
  });
}

/** Says how a CSV was read, where it is not as usual. */
function noticesOf({ encoding, dialect, passedOver }: CsvReport, choices: TableChoices): string[] {
  const notices: string[] = [];
  const name = { ';': 'semicolons', '\t': 'tabs', '|': 'pipes' }[dialect.delimiter] ?? show(dialect.delimiter);
  if (dialect.delimiter !== ',' && !choices.delimiter) notices.push(`cells are separated by ${name}`);
  if (encoding !== 'utf-8' && !choices.charset) notices.push(`the encoding is ${encoding}`);
  if (passedOver.length > 0)
    notices.push(`lines that are no rows are passed over: ${passedOver.slice(0, 3).map(show).join(', ')}`);
  return notices;
}

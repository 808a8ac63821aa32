import { NumberWriter } from '../../base/json/number-writer.js';
import type { Destination } from '../terminal/destination.js';
import { numberNames, type PredictedRows, type PredictionColumns, type PredictionWriter } from './predicted-rows.js';

/** Writes predictions as CSV. Each number has as many digits as it takes to read back the same float32. */
export class CsvWriter implements PredictionWriter {
  private readonly columns: PredictionColumns;
  private readonly to: Destination;
  private readonly writer = new NumberWriter();
  private hasHeader = false;

  constructor(columns: PredictionColumns, to: Destination) {
    this.columns = columns;
    this.to = to;
  }

  async write({ count, numbers, outputs, errors, bounds }: PredictedRows): Promise<void> {
    const { writer } = this;
    const { targets, withRow } = this.columns;
    const width = targets.length;
    for (let row = 0; row < count; row++) {
      if (withRow) writer.word(`${numbers[row]},`);
      for (let j = 0; j < width; j++) writer.number(outputs[row * width + j]!).word(',');
      for (let at = row * width; bounds && at < (row + 1) * width; at++) {
        writer.number(bounds.low[at]!).word(',').number(bounds.high[at]!).word(',');
      }
      writer.number(errors[row]!).word('\n');
    }
    const text = writer.take();
    await this.to.write(this.hasHeader ? text : this.header() + text);
  }

  async end(): Promise<void> {
    if (!this.hasHeader) await this.to.write(this.header());
  }

  private header(): string {
    this.hasHeader = true;
    return csvLine([...(this.columns.withRow ? ['row'] : []), ...numberNames(this.columns)]);
  }
}

/** Returns a line of CSV (RFC 4180). */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => quoted(String(cell))).join(',')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

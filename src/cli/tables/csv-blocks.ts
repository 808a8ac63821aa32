import { show } from '../../base/domain-error.js';
import { placesOf } from '../../model/tables/columns.js';
import { readCsv } from '../../model/tables/csv/csv-reader.js';
import { asWritten, sampleRowsOf } from '../../model/tables/csv/row-notation.js';
import { codeText, type RowModel } from '../../model/tables/row-model.js';
import { BlockBuffer, type BlockHandlers, type BlockReader, isRowError } from './row-blocks.js';

/** Where the bytes of a CSV come from. `read` is how many of `size` have been read. */
export interface CsvInput extends Disposable {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly size: number | undefined;
  readonly read: () => number;
}

/** Reads a CSV as it arrives. Throws `INVALID_CSV` with the line. */
export class CsvBlocks implements BlockReader {
  readonly total = undefined;
  private readonly input: CsvInput;

  constructor(input: CsvInput) {
    this.input = input;
  }

  get share(): number | undefined {
    const { size, read } = this.input;
    return size === undefined ? undefined : read() / Math.max(1, size);
  }

  async read(model: RowModel, { onBlock, onRefused }: BlockHandlers): Promise<void> {
    const { features } = model;
    const width = features.length;
    const buffer = new BlockBuffer(width, onBlock);
    let places: number[] = [];
    let delimiter = ',';
    let lineOf = () => 0;
    let row = 0;
    /** The first rows, which show how their numbers are written; then the model as they are written. */
    const sample: { readonly record: readonly string[]; readonly row: number; readonly line: number }[] = [];
    let written: RowModel | undefined;
    const add = (record: readonly string[], number: number, line: number) => {
      const where = (j: number) => () => `line ${line}, column ${show(features[j])}`;
      try {
        const at = buffer.count * width;
        for (let j = 0; j < width; j++) buffer.rows[at + j] = codeText(written!, j, record[places[j]!]!, where(j));
      } catch (error) {
        if (!isRowError(error)) throw error;
        onRefused({ row: number, line, reason: error.message });
        return;
      }
      buffer.add(number);
    };
    const addSample = () => {
      const records = sample.map(({ record }) => record);
      const where = (r: number, j: number) => `line ${sample[r]!.line}, column ${show(features[j])}`;
      written = asWritten(model, { records, places, delimiter, where });
      for (const { record, row: number, line } of sample.splice(0)) add(record, number, line);
    };
    const sampleRows = sampleRowsOf(width);
    const onRecord = (record: readonly string[]) => {
      row++;
      if (written) add(record, row, lineOf());
      else if (sample.push({ record, row, line: lineOf() }) === sampleRows) addSample();
    };
    await readCsv(
      this.drained(buffer),
      (header, report) => {
        places = placesOf(features, header);
        delimiter = report.dialect.delimiter;
        lineOf = () => report.line();
        if (delimiter === ',') written = model;
      },
      onRecord,
      { names: features, onRagged: ({ message }, line) => onRefused({ row: ++row, line, reason: message }) },
    );
    if (!written) addSample();
    buffer.flush();
    await buffer.drained();
  }

  [Symbol.dispose](): void {
    this.input[Symbol.dispose]();
  }

  /** Reads on only when the blocks so far have been taken. */
  private async *drained(buffer: BlockBuffer): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.input.chunks) {
      await buffer.drained();
      yield chunk;
    }
  }
}

import {
  Field,
  Float32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow';
import type { Destination } from '../terminal/destination.js';
import { ColumnBuffer } from './column-buffer.js';
import {
  metadataOf,
  numberNames,
  type PredictedRows,
  type PredictionColumns,
  type PredictionWriter,
} from './predicted-rows.js';

/** Rows of a record batch. */
const BATCH_ROWS = 2 ** 16;

/** Writes predictions as an Arrow file or stream: columns of float32, and `row` as int64. */
export class ArrowWriter implements PredictionWriter {
  private readonly columns: PredictionColumns;
  private readonly buffer: ColumnBuffer;
  private readonly schema: Schema;
  private readonly writer: RecordBatchStreamWriter;
  /** Resolves when all has been written. */
  private readonly written: Promise<void>;
  private failure: unknown;

  constructor(columns: PredictionColumns, to: Destination, isFile: boolean) {
    this.columns = columns;
    const fields = numberNames(columns).map((name): Field => new Field(name, new Float32(), false));
    if (columns.withRow) fields.unshift(new Field('row', new Int64(), false));
    this.schema = new Schema(fields, new Map(metadataOf(columns)));
    this.buffer = new ColumnBuffer(columns, BATCH_ROWS);
    this.writer = isFile ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
    this.writer.reset(undefined, this.schema);
    this.written = this.pass(to).catch((error: unknown) => {
      this.failure = error;
    });
  }

  async write(rows: PredictedRows): Promise<void> {
    for (let at = 0; at < rows.count; ) {
      at = this.buffer.add(rows, at);
      if (this.buffer.isFull) this.flush();
    }
    await this.requireWritten();
  }

  async end(): Promise<void> {
    if (this.buffer.count > 0) this.flush();
    this.writer.finish();
    await this.written;
    await this.requireWritten();
  }

  private async requireWritten(): Promise<void> {
    if (this.failure) throw this.failure;
  }

  private flush(): void {
    const { buffer, schema } = this;
    const { count } = buffer;
    const numbers = buffer.columns.map((data) =>
      makeData({ type: new Float32(), data: data.slice(0, count), length: count, nullCount: 0 }),
    );
    const children = this.columns.withRow
      ? [makeData({ type: new Int64(), data: buffer.rows.slice(0, count), length: count, nullCount: 0 }), ...numbers]
      : numbers;
    const data = makeData({ type: new Struct(schema.fields), length: count, nullCount: 0, children });
    this.writer.write(new RecordBatch(schema, data));
    buffer.count = 0;
  }

  private async pass(to: Destination): Promise<void> {
    for await (const chunk of this.writer) await to.write(chunk);
  }
}

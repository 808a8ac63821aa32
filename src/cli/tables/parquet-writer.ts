import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Destination } from '../terminal/destination.js';
import { ColumnBuffer } from './column-buffer.js';
import {
  metadataOf,
  numberNames,
  type PredictedRows,
  type PredictionColumns,
  type PredictionWriter,
} from './predicted-rows.js';

/** Rows of a row group. */
const GROUP_ROWS = 2 ** 17;

/** Writes predictions as Parquet: columns of FLOAT, and `row` as INT64, a row group at a time. */
export class ParquetPredictions implements PredictionWriter {
  private readonly columns: PredictionColumns;
  private readonly to: Destination;
  private readonly buffer: ColumnBuffer;
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;

  constructor(columns: PredictionColumns, to: Destination) {
    this.columns = columns;
    this.to = to;
    this.buffer = new ColumnBuffer(columns, GROUP_ROWS);
    const names = numberNames(columns);
    const repetition_type = 'REQUIRED';
    this.writer = new ParquetWriter({
      writer: this.bytes,
      schema: [
        { name: 'root', num_children: names.length + Number(columns.withRow) },
        ...(columns.withRow ? [{ name: 'row', type: 'INT64', repetition_type } as const] : []),
        ...names.map((name) => ({ name, type: 'FLOAT', repetition_type }) as const),
      ],
      // Predictions have too many digits to be compressed.
      codec: 'UNCOMPRESSED',
      statistics: false,
      kvMetadata: metadataOf(columns).map(([key, value]) => ({ key, value })),
      createdBy: 'reconstruction-regressor',
    });
  }

  async write(rows: PredictedRows): Promise<void> {
    for (let at = 0; at < rows.count; ) {
      at = this.buffer.add(rows, at);
      if (this.buffer.isFull) await this.writeGroup();
    }
  }

  async end(): Promise<void> {
    if (this.buffer.count > 0) await this.writeGroup();
    await this.writer.finish();
    await this.passBytes();
  }

  private async writeGroup(): Promise<void> {
    const { buffer, columns } = this;
    const { count } = buffer;
    const part = <T extends Float32Array | BigInt64Array>(name: string, data: T) => ({
      name,
      data: data.subarray(0, count),
      encoding: 'PLAIN' as const,
    });
    await this.writer.write({
      columnData: [
        ...(columns.withRow ? [part('row', buffer.rows)] : []),
        ...numberNames(columns).map((name, j) => part(name, buffer.columns[j]!)),
      ],
      rowGroupSize: count,
    });
    buffer.count = 0;
    await this.passBytes();
  }

  /** Passes on what has been encoded. The positions in the file go on counting. */
  private async passBytes(): Promise<void> {
    await this.to.write(this.bytes.getBytes());
    this.bytes.index = 0;
  }
}

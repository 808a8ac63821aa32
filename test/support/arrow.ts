import {
  type DataType,
  Field,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Table,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';

/** Every type of plain numbers, and whole numbers that it holds up to. */
export const NUMBER_TYPES: readonly { type: DataType; whole: boolean; least: number; most: number }[] = [
  { type: new Int8(), whole: true, least: -128, most: 127 },
  { type: new Int16(), whole: true, least: -32_768, most: 32_767 },
  { type: new Int32(), whole: true, least: -(2 ** 31), most: 2 ** 31 - 1 },
  { type: new Int64(), whole: true, least: -(2 ** 60), most: 2 ** 60 },
  { type: new Uint8(), whole: true, least: 0, most: 255 },
  { type: new Uint16(), whole: true, least: 0, most: 65_535 },
  { type: new Uint32(), whole: true, least: 0, most: 2 ** 32 - 1 },
  { type: new Uint64(), whole: true, least: 0, most: 2 ** 63 },
  { type: new Float16(), whole: false, least: -1000, most: 1000 },
  { type: new Float32(), whole: false, least: -1e6, most: 1e6 },
  { type: new Float64(), whole: false, least: -1e6, most: 1e6 },
];

/** A column by its name; null is a missing value. */
export function column(values: readonly (number | null)[], type: DataType = new Float64()): Vector {
  const wide = type instanceof Int64 || type instanceof Uint64;
  return vectorFromArray(
    values.map((value) => (value === null || !wide ? value : BigInt(value))),
    type,
  ) as Vector;
}

/** An Arrow stream, as Apache's own library writes it: a record batch per table. */
export function arrowStream(...tables: Record<string, Vector>[]): Buffer {
  const [first] = tables;
  const schema = new Schema(Object.entries(first!).map(([name, { type }]) => new Field(name, type, true)));
  const writer = new RecordBatchStreamWriter();
  for (const vectors of tables) {
    // The very schema: to the writer, another one like it would be another stream.
    for (const { data } of new Table(schema, vectors).batches) writer.write(new RecordBatch(schema, data));
  }
  writer.finish();
  return Buffer.from(writer.toUint8Array(true));
}

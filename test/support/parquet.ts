/** Parquet's physical types that are used here, by their numbers. */
const DOUBLE = 5;
/** Encodings. */
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;

/** Compression codecs, by their numbers. */
export const CODECS = { none: 0, zstd: 6 } as const;

export interface ConstantFile {
  readonly columns: readonly string[];
  /** Rows that the footer declares. */
  readonly rows: number;
  /** Values that the page of each column declares; by default as many. */
  readonly pageValues?: number;
  readonly codec?: keyof typeof CODECS;
  /** Bytes of the page, compressed if there is a codec, and the length that they declare to have without. */
  readonly page?: { readonly bytes: Uint8Array; readonly length: number };
}

/**
 * Writes a Parquet file of one row group, in which every value of column j is j: a dictionary of one value, and a page of indices
 * without any bits, however many rows there are.
 */
export function constantParquet({ columns, rows, pageValues = rows, codec = 'none', page }: ConstantFile): Buffer {
  const parts: Buffer[] = [Buffer.from('PAR1')];
  const position = () => parts.reduce((sum, { length }) => sum + length, 0);
  const chunks = columns.map((name, j) => {
    const dictionary = Buffer.alloc(8);
    dictionary.writeDoubleLE(j);
    const start = position();
    if (!page) parts.push(struct([1, i32(2)], [2, i32(8)], [3, i32(8)], [7, struct([1, i32(1)], [2, i32(PLAIN)])]));
    if (!page) parts.push(dictionary);
    const data = position();
    const { bytes, length } = page ?? { bytes: Buffer.of(0), length: 1 };
    const encoding = page ? PLAIN : RLE_DICTIONARY;
    const header = struct([1, i32(pageValues)], [2, i32(encoding)], [3, i32(RLE)], [4, i32(RLE)]);
    parts.push(struct([1, i32(0)], [2, i32(length)], [3, i32(bytes.length)], [5, header]), Buffer.from(bytes));
    const size = i64(position() - start);
    const meta = struct(
      ...([
        [1, i32(DOUBLE)],
        [2, list(I32, [i32(RLE_DICTIONARY)])],
        [3, list(BINARY, [binary(name)])],
      ] as Field[]),
      ...([
        [4, i32(CODECS[codec])],
        [5, i64(rows)],
        [6, size],
        [7, size],
        [9, i64(data)],
      ] as Field[]),
      ...(page ? [] : ([[11, i64(start)]] as Field[])),
    );
    return struct([2, i64(start)], [3, meta]);
  });
  const schema = columns.map((name) => struct([1, i32(DOUBLE)], [3, i32(0)], [4, binary(name)]));
  const root = struct([4, binary('schema')], [5, i32(columns.length)]);
  const group = struct([1, list(STRUCT, chunks)], [2, i64(position())], [3, i64(rows)]);
  const footer = struct([1, i32(2)], [2, list(STRUCT, [root, ...schema])], [3, i64(rows)], [4, list(STRUCT, [group])]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from('PAR1')]);
}

// Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/** A value with its type. */
type Value = Buffer & { readonly type: number };
type Field = readonly [id: number, value: Value];

const typed = (type: number, bytes: Buffer): Value => Object.assign(bytes, { type });
const i32 = (value: number) => typed(I32, varint(2 * value));
const i64 = (value: number) => typed(I64, varint(2 * value));
const binary = (text: string) => typed(BINARY, Buffer.concat([varint(text.length), Buffer.from(text)]));
const list = (type: number, items: readonly Value[]) =>
  typed(LIST, Buffer.concat([Buffer.of(0xf0 | type), varint(items.length), ...items]));

function struct(...fields: readonly Field[]): Value {
  let last = 0;
  const bytes = fields.flatMap(([id, value]) => {
    const head = Buffer.of(((id - last) << 4) | value.type);
    last = id;
    return [head, value];
  });
  return typed(STRUCT, Buffer.concat([...bytes, Buffer.of(0)]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

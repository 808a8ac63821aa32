import type { Buffer as Part } from 'apache-arrow/fb/buffer';
import { Endianness } from 'apache-arrow/fb/endianness';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer, Encoding } from 'flatbuffers';
import { DomainError, show } from '../../../base/domain-error.js';
import type { Bytes } from '../byte-source.js';
import { MAX_COLUMNS } from '../columns.js';
import { type ArrowType, arrowType } from './arrow-type.js';

/** Precedes the length of every message in a stream, except with old writers. */
const CONTINUATION = 0xffffffff;
/** Maximum bytes of a message's metadata: names, and whatever pandas stores there. */
const MAX_METADATA = 2 ** 24;
const FILE_MAGIC = 'ARROW1';

interface ArrowColumn {
  readonly name: string;
  readonly type: ArrowType;
}

/** The positions of a record batch's values in the stream. */
export interface ArrowBatch {
  readonly rows: number;
  /** Per column, the position of its values. */
  readonly values: readonly number[];
  /** Per column, the position of its validity bitmap; -1 if no value is null. */
  readonly valid: readonly number[];
}

/**
 * Reads an Arrow stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format) of plain numbers. Only
 * the values requested are read into memory. FlatBuffers tables are read with Apache's classes, but field by field: their
 * offsets and lengths are untrusted, and FlatBuffers for JavaScript has no verifier.
 *
 * All methods throw `INVALID_ARROW` with the column or the record batch.
 */
export class ArrowStream {
  /** In the order of the schema. */
  readonly columns: readonly ArrowColumn[];
  private readonly bytes: Bytes;
  private at = 0;
  private batches = 0;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    if (bytes.length === 0) throw invalid('it is empty');
    if (bytes.length >= 8 && Buffer.from(bytes.read(0, 6)).toString('latin1') === FILE_MAGIC) {
      throw invalid('expected the streaming format, got the file format');
    }
    const first = this.message('the schema');
    if (!first) throw invalid('expected a schema, got the end of the stream');
    if (first.message.headerType() !== MessageHeader.Schema) throw invalid('expected a schema as the first message');
    this.columns = readSchema(first.message, first.size);
    this.at += first.bodyLength;
  }

  /** Returns the next record batch, or undefined after the last. */
  next(): ArrowBatch | undefined {
    const place = `record batch ${this.batches}`;
    const next = this.message(place);
    if (!next) return undefined;
    const { message, bodyLength } = next;
    if (message.headerType() !== MessageHeader.RecordBatch) {
      const kind = MessageHeader[message.headerType()] ?? 'an unknown message';
      throw invalid(`${place}: expected a record batch, got ${kind}`);
    }
    const start = this.at;
    this.at += bodyLength;
    this.batches++;
    return readBatch(message.header(new RecordBatch()), this.columns, start, bodyLength, place);
  }

  /** Returns a column's values in the rows `from` up to `to` of a batch; NaN where a value is null. */
  read(batch: ArrowBatch, column: number, from: number, to: number): Float64Array {
    const { width, decode } = this.columns[column]!.type;
    const start = batch.values[column]!;
    // Copied, so that the values are aligned.
    const raw = this.bytes.read(start + from * width, start + to * width);
    const decoded = decode(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer);
    const values = toFloat64(decoded);
    const valid = batch.valid[column]!;
    if (valid < 0) return values;
    const first = from >> 3;
    const bits = this.bytes.read(valid + first, valid + ((to + 7) >> 3));
    for (let row = from; row < to; row++) {
      if (((bits[(row >> 3) - first]! >> (row & 7)) & 1) === 0) values[row - from] = Number.NaN;
    }
    return values;
  }

  /** Returns the next message and moves to its body. Returns undefined at the end. */
  private message(place: string): { message: Message; size: number; bodyLength: number } | undefined {
    const { bytes } = this;
    if (this.at === bytes.length) return undefined;
    let size = this.word(place);
    if (size === CONTINUATION) size = this.word(place);
    if (size === 0) {
      if (this.at < bytes.length) throw invalid(`${bytes.length - this.at} bytes follow the end of the stream`);
      return undefined;
    }
    if (size > MAX_METADATA)
      throw invalid(`${place}: its metadata has ${size} bytes, expected at most ${MAX_METADATA}`);
    this.need(place, size);
    const message = Message.getRootAsMessage(new ByteBuffer(bytes.read(this.at, this.at + size)));
    this.at += size;
    const bodyLength = Number(message.bodyLength());
    if (bodyLength < 0) throw invalid(`${place}: its body has ${bodyLength} bytes`);
    this.need(place, bodyLength);
    return { message, size, bodyLength };
  }

  private word(place: string): number {
    this.need(place, 4);
    const word = this.bytes.read(this.at, this.at + 4);
    this.at += 4;
    return new DataView(word.buffer, word.byteOffset, 4).getUint32(0, true);
  }

  private need(place: string, size: number): void {
    const left = this.bytes.length - this.at;
    if (size > left) throw invalid(`${place}: expected ${size} more bytes, but the stream ends after ${left}`);
  }
}

function toFloat64(decoded: ReturnType<ArrowType['decode']>): Float64Array {
  if (decoded instanceof Float64Array) return decoded;
  if (!(decoded instanceof BigInt64Array || decoded instanceof BigUint64Array)) return new Float64Array(decoded);
  const values = new Float64Array(decoded.length);
  for (let i = 0; i < values.length; i++) values[i] = Number(decoded[i]);
  return values;
}

function readSchema(message: Message, size: number): ArrowColumn[] {
  const schema: Schema | null = message.header(new Schema());
  if (!schema) throw invalid('the schema is empty');
  if (schema.endianness() !== Endianness.Little) throw invalid('expected little-endian numbers, got big-endian ones');
  const count = schema.fieldsLength();
  if (count < 1) throw invalid('expected at least one column, got none');
  if (count > MAX_COLUMNS) throw invalid(`expected at most ${MAX_COLUMNS} columns, got ${count}`);
  const columns: ArrowColumn[] = [];
  const seen = new Set<string>();
  let left = size;
  for (let i = 0; i < count; i++) {
    const field = schema.fields(i)!;
    const encoded = field.name(Encoding.UTF8_BYTES) as Uint8Array | null;
    left -= encoded?.length ?? 0;
    // Overlapping names could expand a small schema into much text.
    if (left < 0) throw invalid(`column ${i}: its name is longer than the schema`);
    const name = Buffer.from(encoded ?? []).toString();
    if (name === '') throw invalid(`column ${i} has no name`);
    if (seen.has(name)) throw invalid(`column ${show(name)} appears twice`);
    seen.add(name);
    const type = arrowType(field);
    if (typeof type === 'string') throw invalid(`column ${show(name)}: expected integers or floats, got ${type}`);
    columns.push({ name, type });
  }
  return columns;
}

function readBatch(
  batch: RecordBatch | null,
  columns: readonly ArrowColumn[],
  start: number,
  bodyLength: number,
  place: string,
): ArrowBatch {
  if (!batch) throw invalid(`${place} is empty`);
  if (batch.compression()) {
    throw invalid(`${place} is compressed; expected uncompressed record batches (compress the whole stream instead)`);
  }
  if (batch.nodesLength() !== columns.length || batch.buffersLength() !== 2 * columns.length) {
    throw invalid(
      `${place}: expected ${columns.length} columns of two buffers, got ${batch.nodesLength()} of ${batch.buffersLength()}`,
    );
  }
  const rows = Number(batch.length());
  const values: number[] = [];
  const valid: number[] = [];
  let used = 0;
  columns.forEach(({ name, type }, i) => {
    const node = batch.nodes(i)!;
    const where = `${place}, column ${show(name)}`;
    if (Number(node.length()) !== rows) throw invalid(`${where}: expected ${rows} values, got ${node.length()}`);
    // An empty bitmap means that no value is null.
    const bitmap = batch.buffers(2 * i)!;
    const hasBitmap = bitmap.length() > 0n;
    if (!hasBitmap && node.nullCount() > 0n)
      throw invalid(`${where}: ${node.nullCount()} nulls, but no validity bitmap`);
    valid.push(hasBitmap ? within(bitmap, Math.ceil(rows / 8), where) : -1);
    values.push(within(batch.buffers(2 * i + 1)!, rows * type.width, where));
  });
  return { rows, values, valid };

  /** Returns the position of a buffer, which must lie in the batch and have at least `min` bytes. */
  function within(part: Part, min: number, where: string): number {
    const [offset, length] = [Number(part.offset()), Number(part.length())];
    // Written so that NaN is refused too.
    if (!(rows >= 0 && offset >= 0 && length >= min && offset + length <= bodyLength)) {
      throw invalid(
        `${where}: ${rows} rows do not fit in the ${bodyLength} bytes of the batch (${length} bytes at ${offset})`,
      );
    }
    // Overlapping buffers could expand a small batch into a large table. The format writes them one after the other.
    used += min;
    if (used > bodyLength) throw invalid(`${where}: its buffers overlap`);
    return start + offset;
  }
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ARROW', `Arrow stream: ${message}`);
}

import { Block } from 'apache-arrow/fb/block';
import { Footer } from 'apache-arrow/fb/footer';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';
import { type Bytes, within } from '../byte-source.js';
import { invalidArrow } from './arrow-error.js';

/** Precedes the length of every message, except with old writers. */
const CONTINUATION = 0xffffffff;
/** Maximum bytes of a message's metadata: names, and whatever pandas stores there. */
const MAX_METADATA = 2 ** 24;
const FILE_MAGIC = 'ARROW1';
/** Bytes before the first message of a file, and those that end it: the length of the footer, and the magic. */
const HEAD_BYTES = 8;
const TAIL_BYTES = 10;

/** A schema of at most `size` bytes, and the messages that follow. */
export interface ArrowMessages {
  readonly schema: Schema | null;
  readonly size: number;
  /** Throws `INVALID_ARROW` with the place. */
  readonly rest: Iterator<ArrowMessage>;
}

export interface ArrowMessage {
  readonly message: Message;
  readonly body: Bytes;
}

/**
 * Reads the messages of an Arrow stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format) or an Arrow file.
 * Only their metadata is read into memory. FlatBuffers tables are read with Apache's classes, but field by field: their offsets and
 * lengths are untrusted, and FlatBuffers for JavaScript has no verifier. Throws `INVALID_ARROW` with the place.
 */
export function readMessages(bytes: Bytes): ArrowMessages {
  if (bytes.length === 0) throw invalidArrow('it is empty');
  const magic = Buffer.from(bytes.read(0, Math.min(HEAD_BYTES, bytes.length))).toString('latin1');
  if (magic.startsWith('FEA1')) throw invalidArrow('it is a file of Feather version 1; write it with version 2');
  if (magic.startsWith('PAR1')) throw invalidArrow('it is a Parquet file');
  return magic.startsWith(FILE_MAGIC) ? readFile(bytes) : readStream(bytes);
}

function readStream(bytes: Bytes): ArrowMessages {
  const messages = streamMessages(bytes);
  const { value: first } = messages.next();
  if (!first) throw invalidArrow('expected a schema, got the end of the stream');
  const { message, size } = first;
  if (message.headerType() !== MessageHeader.Schema) throw invalidArrow('expected a schema as the first message');
  return { schema: message.header(new Schema()), size, rest: messages };
}

function* streamMessages(bytes: Bytes): Generator<ArrowMessage & { size: number }, undefined> {
  let at = 0;
  const need = (place: string, size: number) => {
    const left = bytes.length - at;
    if (size > left) {
      throw invalidArrow(`${place}: expected ${size} more bytes, but the stream ends after ${left}`);
    }
  };
  const word = (place: string) => {
    need(place, 4);
    const read = bytes.read(at, at + 4);
    at += 4;
    return new DataView(read.buffer, read.byteOffset, 4).getUint32(0, true);
  };
  for (let place = 'the schema', batches = 0; at < bytes.length; place = `record batch ${batches}`) {
    let size = word(place);
    if (size === CONTINUATION) size = word(place);
    if (size === 0) {
      if (at < bytes.length) throw invalidArrow(`${bytes.length - at} bytes follow the end of the stream`);
      return;
    }
    if (size > MAX_METADATA) {
      throw invalidArrow(`${place}: its metadata has ${size} bytes, expected at most ${MAX_METADATA}`);
    }
    need(place, size);
    const message = Message.getRootAsMessage(new ByteBuffer(bytes.read(at, at + size)));
    at += size;
    const bodyLength = Number(message.bodyLength());
    if (bodyLength < 0) throw invalidArrow(`${place}: its body has ${bodyLength} bytes`);
    need(place, bodyLength);
    yield { message, size, body: within(bytes, at, bodyLength) };
    at += bodyLength;
    if (message.headerType() === MessageHeader.RecordBatch) batches++;
  }
}

/** A file has the messages of a stream too, but its footer says where they are, and which of them count. */
function readFile(bytes: Bytes): ArrowMessages {
  const end = bytes.length - TAIL_BYTES;
  const tail = end >= HEAD_BYTES ? Buffer.from(bytes.read(end, bytes.length)) : Buffer.alloc(TAIL_BYTES);
  if (tail.toString('latin1', 4) !== FILE_MAGIC) {
    throw invalidArrow(`the file does not end with ${FILE_MAGIC}; it may be truncated`);
  }
  const size = tail.readInt32LE(0);
  const max = Math.min(end - HEAD_BYTES, MAX_METADATA);
  if (size <= 0 || size > max) throw invalidArrow(`its footer has ${size} bytes, expected at most ${max}`);
  const footer = Footer.getRootAsFooter(new ByteBuffer(bytes.read(end - size, end)));
  return { schema: footer.schema(), size, rest: fileMessages(bytes, footer, size) };
}

function* fileMessages(bytes: Bytes, footer: Footer, size: number): Generator<ArrowMessage, undefined> {
  // Blocks that overlap could expand a small file into a large table.
  let left = bytes.length;
  const count = (blocks: number, what: string) => {
    if (blocks * Block.sizeOf() > size) throw invalidArrow(`its footer claims ${blocks} ${what}`);
    return blocks;
  };
  const dictionaries = count(footer.dictionariesLength(), 'dictionaries');
  for (let i = 0; i < dictionaries; i++) yield read(footer.dictionaries(i)!, `dictionary ${i}`);
  const batches = count(footer.recordBatchesLength(), 'record batches');
  for (let i = 0; i < batches; i++) yield read(footer.recordBatches(i)!, `record batch ${i}`);

  function read(block: Block, place: string): ArrowMessage {
    const [at, length, bodyLength] = [Number(block.offset()), block.metaDataLength(), Number(block.bodyLength())];
    if (!(at >= HEAD_BYTES && length >= HEAD_BYTES && bodyLength >= 0 && at + length + bodyLength <= bytes.length)) {
      throw invalidArrow(`${place}: it lies outside of the file (${length} and ${bodyLength} bytes at ${at})`);
    }
    left -= length + bodyLength;
    if (left < 0) throw invalidArrow(`${place}: it overlaps with another`);
    if (length > MAX_METADATA) {
      throw invalidArrow(`${place}: its metadata has ${length} bytes, expected at most ${MAX_METADATA}`);
    }
    const metadata = Buffer.from(bytes.read(at, at + length));
    const prefix = metadata.readUInt32LE(0) === CONTINUATION ? 8 : 4;
    const message = Message.getRootAsMessage(new ByteBuffer(metadata.subarray(prefix)));
    return { message, body: within(bytes, at + length, bodyLength) };
  }
}

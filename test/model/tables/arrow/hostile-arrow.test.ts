import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dictionary, Int32, LargeUtf8, Utf8, vectorFromArray } from 'apache-arrow';
import { DomainError } from '../../../../src/base/domain-error.js';
import { TimeSlice } from '../../../../src/base/node/time-slice.js';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { Column } from '../../../../src/model/columns/column.js';
import { readArrowRows } from '../../../../src/model/tables/arrow/arrow-rows.js';
import { ArrowStream } from '../../../../src/model/tables/arrow/arrow-stream.js';
import { openValues } from '../../../../src/model/tables/arrow/arrow-values.js';
import { decompressLz4Frame } from '../../../../src/model/tables/arrow/lz4-frame.js';
import { bytesOf } from '../../../../src/model/tables/byte-source.js';
import { arrowStream } from '../../../support/arrow.js';
import { pyarrowFixture } from '../../../support/typed-values.js';

const TEXT: Column = { name: 't', type: 'category', missing: 0.1, levels: ['aaaa', 'bbbb'], counts: [1, 1] };
const model = { features: ['t'], columns: [TEXT], maxRows: 1000, allowMissing: false };
const read = (content: Uint8Array) => readArrowRows(content, model, new TimeSlice());
const texts = ['aaaa', 'bbbb', 'aaaa', 'bbbb', 'aaaa', 'bbbb', 'aaaa', 'bbbb'];
const invalid = (message: RegExp) => ({ code: 'INVALID_ARROW', message });

/** Overwrites the first place where these 32-bit words stand. */
function replaced(content: Buffer, words: readonly number[], others: readonly number[]): Buffer {
  const at = content.indexOf(Buffer.from(Int32Array.from(words).buffer));
  assert.ok(at > 0);
  Buffer.from(Int32Array.from(others).buffer).copy(content, at);
  return content;
}

test('offsets of texts that go back, or beyond their buffer, are refused with the row', async () => {
  const utf8 = () => arrowStream({ t: vectorFromArray(texts, new Utf8()) });
  assert.equal((await read(utf8())).count, 8);
  const back = replaced(utf8(), [0, 4, 8, 12], [0, 12, 8, 12]);
  await assert.rejects(read(back), invalid(/column "t": the text of row 1 lies outside of its buffer \(bytes 12 to 8/));
  const beyond = replaced(utf8(), [24, 28, 32], [24, 28, 2 ** 30]);
  await assert.rejects(
    read(beyond),
    invalid(/the text of row 7 lies outside of its buffer \(bytes 28 to 1073741824 of/),
  );
  const negative = replaced(utf8(), [0, 4, 8], [-4, 4, 8]);
  await assert.rejects(read(negative), invalid(/the text of row 0 lies outside/));
  const large = arrowStream({ t: vectorFromArray(texts, new LargeUtf8()) });
  await assert.rejects(read(replaced(large, [28, 0, 32, 0], [28, 0, 32, 2 ** 30])), invalid(/the text of row 7 lies/));
});

test('an index that is not in its dictionary, and a dictionary that is missing, are refused', async () => {
  const encoded = () => arrowStream({ t: vectorFromArray(texts, new Dictionary(new Utf8(), new Int32())) });
  const beyond = replaced(encoded(), [0, 1, 0, 1, 0, 1], [0, 1, 0, 7, 0, 1]);
  await assert.rejects(read(beyond), invalid(/column "t": index 7 is not in its dictionary of 2 values$/));
  const negative = replaced(encoded(), [0, 1, 0, 1, 0, 1], [0, 1, 0, -1, 0, 1]);
  await assert.rejects(read(negative), invalid(/index -1 is not in its dictionary/));
  const stream = encoded();
  const schema = 8 + stream.readInt32LE(4);
  // The message after the schema: its metadata, then its body, whose length is that of what lies before the next.
  const next = stream.indexOf(Buffer.from([0xff, 0xff, 0xff, 0xff]), schema + 8);
  const without = Buffer.concat([stream.subarray(0, schema), stream.subarray(next)]);
  await assert.rejects(read(without), invalid(/column "t": its dictionary is missing$/));
});

test('bytes that are no text are refused', async () => {
  const stream = arrowStream({ t: vectorFromArray(texts, new Utf8()) });
  stream.fill(0xff, stream.indexOf('bbbb'), stream.indexOf('bbbb') + 1);
  await assert.rejects(read(stream), invalid(/column "t": the text "�bbb" is not UTF-8$/));
});

test('a long text is a level that the training did not have, and is not read whole', async () => {
  const long = 'é'.repeat(2 ** 20);
  const { rows } = await read(arrowStream({ t: vectorFromArray([long, 'bbbb', long], new Utf8()) }));
  assert.deepEqual([...rows], [2, 1, 2]);
});

/** All columns of a file, with a budget as that of a request. */
function readAll(content: Uint8Array, left = 2 ** 22): void {
  const stream = new ArrowStream(bytesOf(content));
  const budget = { left };
  for (let batch = stream.next(); batch; batch = stream.next()) {
    if (batch.rows > 10_000) throw new DomainError('TOO_LARGE', 'as a table does');
    for (const part of batch.parts) if (part) openValues(part, budget)(0, batch.rows);
  }
}

for (const name of ['types.arrow', 'types-lz4.arrow', 'types-zstd.arrow']) {
  test(`${name} with bytes changed at random is read or refused, at once, and never with another error`, () => {
    const random = createRandom(5);
    const whole = pyarrowFixture(name);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(round % 5 === 0 ? whole.subarray(0, random.below(whole.length)) : whole);
      for (let n = 0; n <= round % 5; n++) if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      try {
        readAll(bytes);
      } catch (error) {
        assert.ok(error instanceof DomainError, String((error as Error).stack));
        assert.match(error.code, /^(INVALID_ARROW|TOO_LARGE)$/);
        refused++;
      }
    }
    assert.ok(refused > 100, `${refused}`);
  });
}

test('a compressed buffer that claims to be larger than its rows need, or than all may be, is not decompressed', () => {
  const claims = (name: string, length: bigint, left: number) => {
    const content = pyarrowFixture(name);
    // The numbers of the first column: a length of 480 bytes precedes them.
    const at = content.indexOf(Buffer.from(BigInt64Array.of(480n).buffer));
    assert.ok(at > 0);
    content.writeBigInt64LE(length, at);
    return () => readAll(content, left);
  };
  for (const name of ['lz4.arrow', 'zstd.arrow']) {
    assert.throws(
      claims(name, 2n ** 62n, 2 ** 40),
      invalid(/claims to decompress to 4611686018427387904 bytes, expected 480$/),
    );
    assert.throws(claims(name, -2n, 2 ** 40), invalid(/claims to decompress to -2 bytes/));
    assert.throws(claims(name, 479n, 2 ** 20), invalid(/buffer/));
    const tooLarge = {
      code: 'TOO_LARGE',
      message: /decompresses to \d+ bytes, expected at most \d+; send fewer rows/,
    };
    assert.throws(claims(name, 480n, 1000), tooLarge);
  }
});

test('a frame of LZ4 that is damaged, or has another length, is refused', () => {
  const block = Buffer.from([0x50, ...Buffer.from('abcde')]);
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  const frame = (blocks: Buffer, from = head) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(blocks.length);
    return Buffer.concat([from, size, blocks, Buffer.alloc(4)]);
  };
  assert.equal(Buffer.from(decompressLz4Frame(frame(block), 5)).toString(), 'abcde');
  // Five letters, then 4 + 15 + 0 that begin one letter before: it repeats itself.
  const repeats = Buffer.from([0x5f, ...Buffer.from('abcde'), 1, 0, 0, 0x10, 0x66]);
  assert.equal(Buffer.from(decompressLz4Frame(frame(repeats), 25)).toString(), `abcde${'e'.repeat(19)}f`);
  const bad: [what: string, frame: Buffer, length: number][] = [
    ['shorter', frame(block), 6],
    ['longer', frame(block), 4],
    ['cut', frame(block).subarray(0, 12), 5],
    ['another magic', frame(block, Buffer.alloc(7)), 5],
    ['a match before the beginning', frame(Buffer.from([0x10, 0x61, 9, 0, 0x10, 0x61])), 6],
    ['a match of nothing', frame(Buffer.from([0x10, 0x61, 0, 0, 0x10, 0x61])), 6],
    ['a match without end', frame(Buffer.from([0x1f, 0x61, 1, 0, ...new Array(100).fill(255)])), 100],
    ['literals without end', frame(Buffer.from([0xf0, 255, 255, 255])), 100],
  ];
  for (const [what, bytes, length] of bad) assert.throws(() => decompressLz4Frame(bytes, length), Error, what);
});

test('a file whose footer points outside of it, or to one batch again and again, is refused', () => {
  const file = pyarrowFixture('types-lz4.arrow');
  const size = file.readInt32LE(file.length - 10);
  const footer = file.length - 10 - size;
  // Blocks are an offset, two lengths of metadata with padding, and the length of the body.
  const stream = file.subarray(8);
  const first = 8 + stream.indexOf(Buffer.from([0xff, 0xff, 0xff, 0xff]), 8);
  const at = file.indexOf(Buffer.from(BigInt64Array.of(BigInt(first)).buffer), footer);
  assert.ok(at > footer);
  const outside = Buffer.from(file);
  outside.writeBigInt64LE(2n ** 50n, at);
  assert.throws(() => readAll(outside), invalid(/it lies outside of the file/));
  const long = Buffer.from(file);
  long.writeBigInt64LE(BigInt(file.length - first - 1000), at + 16);
  assert.throws(() => readAll(long), invalid(/overlaps|outside/));
  for (const [what, content, message] of [
    ['cut', file.subarray(0, -20), /does not end with ARROW1; it may be truncated$/],
    ['magic alone', Buffer.from('ARROW1\0\0'), /does not end with ARROW1/],
    [
      'a footer longer than the file',
      Buffer.concat([file.subarray(0, -10), Buffer.from([0, 0, 0, 0x40]), Buffer.from('ARROW1')]),
      /its footer has 1073741824 bytes/,
    ],
    ['Feather version 1', Buffer.from('FEA1abcdefgh'), /it is a file of Feather version 1; write it with version 2$/],
    ['Parquet', Buffer.from('PAR1abcdefgh'), /it is a Parquet file$/],
  ] as const) {
    assert.throws(() => readAll(content), invalid(message), what);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Buffer as Part } from 'apache-arrow/fb/buffer';
import { Message } from 'apache-arrow/fb/message';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';
import { createRandom } from '../../../src/base/statistics/random.js';
import { arrowStream, column } from '../../support/arrow.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';

const ROWS = Array.from({ length: 20 }, (_, i) => i);
const HOLES = ROWS.map((i) => (i === 3 ? null : i));
const good = () => arrowStream({ a: column(ROWS), b: column(HOLES), c: column(ROWS) });

const send = ({ app }: TestApp, payload: Buffer) =>
  app.inject({
    method: 'POST',
    url: '/predict',
    headers: { 'content-type': 'application/vnd.apache.arrow.stream', accept: 'application/json' },
    payload,
  });

/** The messages of a stream: where the metadata of each begins, and its tables, whose places in the stream are known. */
function messages(stream: Buffer): { at: number; size: number; message: Message }[] {
  const found = [];
  for (let at = 0; stream.readUInt32LE(at + 4) > 0; ) {
    const size = stream.readUInt32LE(at + 4);
    const message = Message.getRootAsMessage(new ByteBuffer(stream.subarray(at + 8, at + 8 + size)));
    found.push({ at: at + 8, size, message });
    at += 8 + size + Number(message.bodyLength());
  }
  return found;
}

/** A good stream in which one number was changed; `place` says where in the metadata of a message it is. */
function lying(index: number, place: (message: Message) => number, write: (bytes: Buffer, at: number) => void): Buffer {
  const stream = good();
  const { at, message } = messages(stream)[index]!;
  write(stream, at + place(message));
  return stream;
}

/** Where a field of a table lies: FlatBuffers store a list of offsets with each table. */
function slot({ bb, bb_pos: at }: { bb: ByteBuffer | null; bb_pos: number }, field: number): number {
  return at + bb!.__offset(at, 4 + 2 * field);
}
const schema = (message: Message): Schema => message.header(new Schema());
const batch = (message: Message): RecordBatch => message.header(new RecordBatch());
/** Where a vector's length lies. */
const vector = (table: { bb: ByteBuffer | null; bb_pos: number }, field: number) =>
  table.bb!.__vector(slot(table, field)) - 4;
const part = (message: Message, index: number): Part => batch(message).buffers(index)!;
const int32 = (value: number) => (bytes: Buffer, at: number) => bytes.writeInt32LE(value, at);
const int64 = (value: bigint) => (bytes: Buffer, at: number) => bytes.writeBigInt64LE(value, at);
const HUGE = 2n ** 62n;

const LIES: [what: string, stream: () => Buffer, error: RegExp][] = [
  [
    'a schema of two thousand million columns',
    () => lying(0, (m) => vector(schema(m), 1), int32(2 ** 31 - 1)),
    /at most 1000 columns, got 2147483647$/,
  ],
  [
    'a schema of less than no columns',
    () => lying(0, (m) => vector(schema(m), 1), int32(-5)),
    /expected at least one column, got none$/,
  ],
  ['a column that lies elsewhere', () => lying(0, (m) => vector(schema(m), 1) + 4, int32(2 ** 30)), /^Arrow: column 0/],
  [
    'a name as long as memory',
    () =>
      lying(
        0,
        (m) => {
          const field = schema(m).fields(0)!;
          return slot(field, 0) + field.bb!.readInt32(slot(field, 0));
        },
        int32(2 ** 31 - 1),
      ),
    /column/,
  ],
  [
    'a batch of 2^62 rows',
    () => lying(1, (m) => slot(batch(m), 0), int64(HUGE)),
    /record batch 0, column "a": expected \d+ values, got 20$/,
  ],
  [
    'a batch of less than no rows',
    () => lying(1, (m) => slot(batch(m), 0), int64(-1n)),
    /record batch 0: it has -1 rows$/,
  ],
  [
    'a column of other length',
    () => lying(1, (m) => batch(m).nodes(1)!.bb_pos, int64(19n)),
    /column "b": expected 20 values, got 19$/,
  ],
  [
    'columns by the million',
    () => lying(1, (m) => vector(batch(m), 1), int32(2 ** 31 - 1)),
    /expected 3 columns and 6 buffers, got 2147483647 and 6$/,
  ],
  [
    'buffers by the million',
    () => lying(1, (m) => vector(batch(m), 2), int32(2 ** 31 - 1)),
    /expected 3 columns and 6 buffers, got 3 and 2147483647$/,
  ],
  [
    'values beyond the body',
    () => lying(1, (m) => part(m, 1).bb_pos, int64(HUGE)),
    /column "a": 20 rows do not fit in the \d+ bytes of the batch/,
  ],
  ['values before the body', () => lying(1, (m) => part(m, 1).bb_pos, int64(-8n)), /column "a": 20 rows do not fit in/],
  [
    'values longer than the body',
    () => lying(1, (m) => part(m, 5).bb_pos + 8, int64(HUGE)),
    /column "c": 20 rows do not fit in/,
  ],
  [
    'values shorter than the rows',
    () => lying(1, (m) => part(m, 5).bb_pos + 8, int64(8n)),
    /column "c": 20 rows do not fit in/,
  ],
  ['nulls beyond the body', () => lying(1, (m) => part(m, 2).bb_pos, int64(HUGE)), /column "b": 20 rows do not fit in/],
  [
    'nulls without a validity bitmap',
    () => lying(1, (m) => part(m, 2).bb_pos + 8, int64(0n)),
    /column "b": 1 nulls, but no validity bitmap/,
  ],
  [
    'a body longer than the stream',
    () => lying(1, (m) => slot(m, 3), int64(HUGE)),
    /record batch 0: expected \d+ more bytes, but the stream ends after \d+$/,
  ],
  [
    'a body of less than nothing',
    () => lying(1, (m) => slot(m, 3), int64(-1n)),
    /record batch 0: its body has -1 bytes$/,
  ],
  [
    'a message of 4 GB',
    () => {
      const stream = good();
      stream.writeUInt32LE(0xfffffff0, 4);
      return stream;
    },
    /the schema: its metadata has 4294967280 bytes/,
  ],
  [
    'a message of all that is there',
    () => {
      const stream = good();
      stream.writeUInt32LE(stream.length, 4);
      return stream;
    },
    /the schema: expected \d+ more bytes/,
  ],
  [
    'no schema',
    () => {
      const stream = good();
      return stream.subarray(messages(stream)[1]!.at - 8);
    },
    /expected a schema as the first message$/,
  ],
  [
    'two schemas',
    () => {
      const stream = good();
      return Buffer.concat([stream.subarray(0, messages(stream)[1]!.at - 8), stream]);
    },
    /record batch 0: expected a record batch, got Schema$/,
  ],
  ['two streams', () => Buffer.concat([good(), good()]), /bytes follow the end of the stream$/],
  [
    'an end alone',
    () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
    /expected a schema, got the end of the stream$/,
  ],
  ['three bytes', () => Buffer.from([1, 2, 3]), /the schema: expected 4 more bytes, but the stream ends after 3$/],
  ['JSON', () => Buffer.from('{"instances": [[1, 2, 3]]}'), /^Arrow: the schema: its metadata has \d+ bytes/],
];
for (const [what, stream, error] of LIES) {
  test(`an Arrow body with ${what} is a 400 that says so`, async (t) => {
    const answer = await send(await buildTestApp(t, ['a', 'b', 'c'], { allowMissing: true }), stream());
    assert.equal(answer.statusCode, 400, answer.body);
    assert.match(answer.json().code, /^INVALID_(ARROW|ROWS)$/);
    assert.match(answer.json().error, error);
  });
}

test('a repeated column is refused by name, and one named __proto__ is ignored like others', async (t) => {
  const app = await buildTestApp(t);
  const twice = good();
  // Both names have one letter, and lie in the schema alone.
  const at = twice.indexOf('b\0\0\0');
  twice.write('a', at);
  assert.match((await send(app, twice)).json().error, /^Arrow: column "a" appears twice$/);
  const proto = arrowStream(Object.fromEntries(['a', 'b', 'c', '__proto__'].map((name) => [name, column(ROWS)])));
  assert.equal((await send(app, proto)).headers['x-ignored-columns'], '1');
});

test('an Arrow body cut anywhere is a 400, and never an answer for some of its rows', async (t) => {
  const app = await buildTestApp(t, ['a', 'b', 'c'], { allowMissing: true });
  const stream = good();
  const end = stream.length - 8;
  for (let length = 1; length < end; length += 7) {
    const answer = await send(app, stream.subarray(0, length));
    assert.equal(answer.statusCode, 400, `${length} of ${stream.length}: ${answer.body}`);
  }
  // Without its mark of the end a stream is whole, as the format has it.
  assert.equal((await send(app, stream.subarray(0, end))).statusCode, 200);
});

test('an Arrow body with bytes changed at random is answered or refused, at once', async (t) => {
  const app = await buildTestApp(t, ['a', 'b', 'c'], { allowMissing: true });
  const random = createRandom(11);
  const statuses = new Map<number, number>();
  for (let round = 0; round < 1000; round++) {
    const stream = good();
    for (let n = 0; n <= round % 4; n++) stream[random.below(stream.length)] = random.below(256);
    const { statusCode, body } = await send(app, stream);
    assert.ok([200, 400, 413].includes(statusCode), body);
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  }
  assert.ok((statuses.get(200) ?? 0) > 50 && (statuses.get(400) ?? 0) > 200, JSON.stringify([...statuses]));
});

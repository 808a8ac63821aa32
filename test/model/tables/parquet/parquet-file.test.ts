import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../../../../src/base/domain-error.js';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { bytesOf } from '../../../../src/model/tables/byte-source.js';
import { ParquetFile } from '../../../../src/model/tables/parquet/parquet-file.js';
import { parquetType } from '../../../../src/model/tables/parquet/parquet-type.js';
import { expectedTypes, pyarrowFixture, type Value, valuesOf } from '../../../support/typed-values.js';

/** All values of each column that is read, in pieces of seven rows. */
async function readAll(content: Uint8Array): Promise<Record<string, Value[]>> {
  const file = new ParquetFile(bytesOf(content));
  const all = file.columns.map(({ name }): [string, Value[]] => [name, []]);
  for await (const { rows, cells } of file.chunks(file.columns)) {
    for (let from = 0; from < rows; from += 7) {
      file.columns.forEach(({ type }, i) => {
        all[i]![1].push(...valuesOf(type.kind, cells(i, from, Math.min(rows, from + 7))));
      });
    }
  }
  return Object.fromEntries(all);
}

for (const name of ['types.parquet', 'types-pages.parquet']) {
  test(`every type in ${name}, written by Python, is read with every value, or left alone`, async () => {
    const read = await readAll(pyarrowFixture(name));
    const expected = Object.entries(expectedTypes()).filter(([, values]) => values !== null);
    // Without the schema of Arrow a duration is a number.
    const others = name === 'types-pages.parquet' ? ['duration'] : [];
    assert.deepEqual(Object.keys(read).sort(), [...expected.map(([column]) => column), ...others].sort());
    for (const [column, values] of expected) assert.deepEqual(read[column], values, column);
  });
}

test('times in 96 bits are read', async () => {
  const { s, us, ns } = await readAll(pyarrowFixture('types-int96.parquet'));
  const expected = expectedTypes();
  assert.deepEqual([s, us, ns], [expected['s'], expected['us'], expected['ns']]);
});

test('a column is a category if Parquet, Arrow or pandas say so, and is left out if they say that it was the index', () => {
  const { columns, unreadable } = new ParquetFile(bytesOf(pyarrowFixture('types.parquet')));
  const categories = columns.filter(({ declared }) => declared === 'category').map(({ name }) => name);
  assert.deepEqual(categories, ['dictionary', 'dictionary_u8', 'dictionary_i64', 'dictionary_numbers']);
  assert.deepEqual(
    unreadable.map(({ reason }) => reason.split(' ')[3]),
    ['List', 'Struct', 'BinaryView', 'Map', 'Time', 'Duration', 'Binary', 'FixedSizeBinary', 'FixedSizeList'],
  );
  const enums = parquetType({ name: 'e', type: 'BYTE_ARRAY', converted_type: 'ENUM', repetition_type: 'OPTIONAL' });
  assert.equal(enums?.isCategory, true);
});

test('a decimal of any length of bytes is read exactly, and rounded once', () => {
  const type = parquetType({ name: 'd', type: 'BYTE_ARRAY', converted_type: 'DECIMAL', scale: 2, precision: 30 })!;
  const cases: [bytes: number[], value: number][] = [
    [[], 0],
    [[0x00, 0xc8], 2],
    [[0xff], -0.01],
    [[0x80], -1.28],
    [[0x01, 0, 0, 0, 0, 0, 0, 0, 1], Number('184467440737095516.17')],
  ];
  for (const [bytes, value] of cases) assert.equal(type.number(Uint8Array.from(bytes)), value);
  assert.throws(() => type.number(new Uint8Array(33)), /a decimal of 33 bytes is too long/);
});

for (const name of ['types.parquet', 'types-pages.parquet']) {
  test(`${name} with bytes changed at random is read or refused, and never with another error`, async () => {
    const random = createRandom(5);
    const whole = pyarrowFixture(name);
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(whole);
      for (let n = 0; n <= round % 5; n++) bytes[random.below(bytes.length)] = random.below(256);
      try {
        await readAll(bytes);
      } catch (error) {
        assert.ok(error instanceof DomainError, String((error as Error).stack));
        assert.equal(error.code, 'INVALID_PARQUET');
        refused++;
      }
    }
    assert.ok(refused > 20, `${refused}`);
  });
}

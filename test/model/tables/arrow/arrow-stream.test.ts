import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrowStream } from '../../../../src/model/tables/arrow/arrow-stream.js';
import { openValues } from '../../../../src/model/tables/arrow/arrow-values.js';
import { bytesOf } from '../../../../src/model/tables/byte-source.js';
import { expectedTypes, pyarrowFixture, type Value, valuesOf } from '../../../support/typed-values.js';

/** All values of each column, read in chunks of seven rows; null for a column that is not read. */
function readAll(content: Uint8Array): Record<string, Value[] | null> {
  const stream = new ArrowStream(bytesOf(content));
  const all = stream.columns.map(({ name, type }): [string, Value[] | null] => [name, type ? [] : null]);
  for (let batch = stream.next(); batch; batch = stream.next()) {
    stream.columns.forEach(({ type }, i) => {
      if (!type) return;
      const read = openValues(batch.parts[i]!, { left: 2 ** 24 });
      for (let from = 0; from < batch.rows; from += 7) {
        all[i]![1]!.push(...valuesOf(type.kind, read(from, Math.min(from + 7, batch.rows))));
      }
    });
  }
  return Object.fromEntries(all);
}

for (const name of ['types.arrow', 'types-lz4.arrow', 'types-zstd.arrow']) {
  test(`every type in ${name}, written by Python, is read with every value, or left alone`, () => {
    const read = readAll(pyarrowFixture(name));
    const expected = expectedTypes();
    assert.deepEqual(Object.keys(read), Object.keys(expected));
    for (const [column, values] of Object.entries(expected)) assert.deepEqual(read[column], values, column);
  });
}

test('a buffer of more than one block of LZ4 is read', () => {
  const { i: values } = readAll(pyarrowFixture('long-lz4.arrow'));
  assert.deepEqual(
    values,
    Array.from({ length: 30_000 }, (_, i) => i % 50),
  );
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ArrowStream } from '../../../../src/model/tables/arrow/arrow-stream.js';
import { openValues } from '../../../../src/model/tables/arrow/arrow-values.js';
import { bytesOf } from '../../../../src/model/tables/byte-source.js';
import type { CellKind, Cells } from '../../../../src/model/tables/cells.js';

// Written by Apache's own library: scripts/data/pyarrow-fixtures.py.
const FIXTURES = fileURLToPath(new URL('../../../../../test/fixtures/pyarrow/', import.meta.url));
const fixture = (name: string) => readFileSync(FIXTURES + name);
const EXPECTED: Record<string, unknown[] | null> = JSON.parse(fixture('types.json').toString());

type Value = string | number | boolean | null;

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

function valuesOf(kind: CellKind, { values, texts }: Cells): Value[] {
  return [...values].map((value) => {
    if (Number.isNaN(value)) return null;
    return kind === 'text' ? texts![value]! : kind === 'boolean' ? value === 1 : value;
  });
}

for (const name of ['types.arrow', 'types-lz4.arrow', 'types-zstd.arrow']) {
  test(`every type in ${name}, written by Python, is read with every value, or left alone`, () => {
    const read = readAll(fixture(name));
    assert.deepEqual(Object.keys(read), Object.keys(EXPECTED));
    for (const [column, values] of Object.entries(EXPECTED)) assert.deepEqual(read[column], values, column);
  });
}

test('a buffer of more than one block of LZ4 is read', () => {
  const { i: values } = readAll(fixture('long-lz4.arrow'));
  assert.deepEqual(
    values,
    Array.from({ length: 30_000 }, (_, i) => i % 50),
  );
});

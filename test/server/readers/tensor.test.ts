import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { numbersOf } from '../../../src/server/readers/tensor.js';

test('integers of 64 bits are read as Number() reads them', () => {
  const random = createRandom(1);
  const near = [0n, 1n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, 3n * 2n ** 53n];
  const drawn = Array.from({ length: 2000 }, () =>
    BigInt.asIntN(64, (BigInt(random.below(2 ** 31)) << 33n) ^ BigInt(random.below(2 ** 31) * 5)),
  );
  const longs = BigInt64Array.from([...near.flatMap((value) => [value - 1n, value, value + 1n]), ...drawn]);
  const bytes = new Uint8Array(longs.buffer);
  assert.deepEqual(Array.from(numbersOf(bytes, 'INT64')), Array.from(longs, Number));
  assert.deepEqual(Array.from(numbersOf(bytes, 'UINT64')), Array.from(new BigUint64Array(longs.buffer), Number));
});

test('numbers of 16 bits have their values', () => {
  const halves = Uint16Array.of(0, 0x8000, 1, 0x3ff, 0x400, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555);
  const expected = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 65504, Infinity, -Infinity, NaN, 0.333251953125];
  assert.deepEqual(Array.from(numbersOf(new Uint8Array(halves.buffer), 'FP16')), expected);
});

test('a body of millions of binary numbers is read within moments, whatever their type', () => {
  for (const type of ['FP16', 'INT64', 'UINT64']) {
    const { user } = process.cpuUsage();
    numbersOf(new Uint8Array(2 ** 24), type);
    const milliseconds = (process.cpuUsage().user - user) / 1000;
    assert.ok(milliseconds < 200, `${type}: ${milliseconds} ms`);
  }
});

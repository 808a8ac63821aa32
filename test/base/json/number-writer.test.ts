import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberWriter } from '../../../src/base/json/number-writer.js';
import { createRandom } from '../../../src/base/statistics/random.js';

const written = (value: number) => new NumberWriter().number(value).take();

test('a number has only the digits that identify its float32', () => {
  for (const text of ['0.1', '16.27726', '-0.3', '5', '-120', '1000000', '16777216', '0.5', '0.00012', '0.0000125']) {
    assert.equal(written(Math.fround(Number(text))), text);
  }
  assert.equal(written(Math.fround(1 / 3)), '0.33333334');
  assert.equal(written(-0), '0');
});

test('every finite float32 is written as JSON that reads back as itself', () => {
  const random = createRandom(3);
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  const writer = new NumberWriter();
  const check = (value: number) => {
    const text = writer.number(value).take();
    assert.equal(Math.fround(JSON.parse(text) as number), value, text);
    assert.ok(text.length <= 25, text);
  };
  for (let i = 0; i < 50_000; i++) {
    bits[0] = Math.floor(random.uniform() * 2 ** 32);
    if (Number.isFinite(float[0])) check(float[0]!);
    check(Math.fround(random.normal() * 10 ** (i % 12)));
    check(Math.fround(random.normal() / 10 ** (i % 12)));
  }
  // Around the powers of ten, where the number of digits changes.
  for (let power = -8; power <= 12; power++) {
    float[0] = 10 ** power;
    bits[0]! -= 5;
    for (let i = 0; i < 10; i++) {
      check(float[0]!);
      check(-float[0]!);
      bits[0]!++;
    }
  }
});

test('the text outgrows its first buffer, and starts anew once taken', () => {
  const writer = new NumberWriter();
  const word = 'w'.repeat(5000);
  for (let i = 0; i < 1000; i++) writer.number(Math.fround(i / 7)).word(',');
  const text = writer.word(word).take();
  const expected = Array.from({ length: 1000 }, (_, i) => Math.fround(i / 7));
  assert.deepEqual(text.split(',').slice(0, -1).map(Number).map(Math.fround), expected);
  assert.ok(text.endsWith(`,${word}`));
  assert.equal(writer.word('a').number(1).take(), 'a1');
});

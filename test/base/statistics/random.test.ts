import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, shuffle } from '../../../src/base/statistics/random.js';
import { assertClose } from '../../support/close-to.js';

const DRAWS = 100_000;

test('the same seed gives the same stream, another seed another one', () => {
  const stream = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, () => random.uniform());
  };
  assert.deepEqual(stream(42), stream(42));
  const streams = [0, 1, 2, 42, 43, 4_294_967_295].map((seed) => stream(seed).join());
  assert.equal(new Set(streams).size, streams.length);
});

test('the stream is sfc32 as PractRand defines it', () => {
  // Computed with unsigned 32-bit integers in BigInt, from the definition.
  const mask = 0xffffffffn;
  let [a, b, c, counter] = [42n, 0x9e3779b9n, 0x243f6a88n, 1n];
  const reference = () => {
    const sum = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = (((c << 21n) | (c >> 11n)) + sum) & mask;
    return Number(sum);
  };
  for (let i = 0; i < 15; i++) reference();
  const random = createRandom(42);
  for (let i = 0; i < 1000; i++) assert.equal(random.uniform() * 2 ** 32, reference());
});

test('uniform numbers lie in [0, 1) with the mean and variance of their law', () => {
  const random = createRandom(7);
  const values = Float64Array.from({ length: DRAWS }, () => random.uniform());
  assert.ok(values.every((value) => value >= 0 && value < 1));
  // Five standard errors.
  assertClose(moments(values), [1 / 2, 1 / 12], 5e-3);
});

test('whole numbers below a limit are equally frequent', () => {
  const random = createRandom(7);
  const counts = new Float64Array(7);
  for (let i = 0; i < DRAWS; i++) counts[random.below(7)]!++;
  const expected = DRAWS / 7;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // The 0.999 quantile of chi-square with 6 degrees of freedom.
  assert.ok(chiSquare < 22.46, `chi-square ${chiSquare}`);
  assert.equal(random.below(1), 0);
});

test('normal numbers have the mean, variance, skewness and kurtosis of their law', () => {
  const random = createRandom(7);
  const values = Float64Array.from({ length: DRAWS }, () => random.normal());
  assert.ok(values.every(Number.isFinite));
  assertClose(moments(values), [0, 1], 0.02);
  assertClose([mean(values.map((x) => x ** 3)), mean(values.map((x) => x ** 4))], [0, 3], 0.15);
});

test('a shuffle is a permutation, and every item is as often in every place', () => {
  const random = createRandom(7);
  const size = 5;
  const rounds = 20_000;
  const counts = new Float64Array(size * size);
  for (let round = 0; round < rounds; round++) {
    const items = Int32Array.of(0, 1, 2, 3, 4);
    shuffle(items, random);
    assert.deepEqual(Array.from(items).sort(), [0, 1, 2, 3, 4]);
    items.forEach((item, place) => {
      counts[item * size + place]!++;
    });
  }
  // Five standard errors of a share of 1/5.
  assertClose(
    counts.map((count) => count / rounds),
    new Float64Array(25).fill(1 / size),
    0.015,
  );
});

test('shuffling nothing or one item is no error', () => {
  const random = createRandom(7);
  const one = Int32Array.of(9);
  shuffle(one, random);
  shuffle(new Int32Array(0), random);
  assert.deepEqual(one, Int32Array.of(9));
});

function moments(values: Float64Array): [number, number] {
  const centre = mean(values);
  return [centre, mean(values.map((value) => (value - centre) ** 2))];
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import assert from 'node:assert/strict';

/** Asserts equal lengths and, number by number, a difference of at most `tolerance`. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = 'values',
) {
  assert.equal(actual.length, expected.length, `${what}: lengths`);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    assert.ok(difference <= tolerance, `${what}[${i}]: ${actual[i]} is not within ${tolerance} of ${expected[i]}`);
  }
}

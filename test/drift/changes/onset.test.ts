import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { rowsSinceOnset } from '../../../src/drift/changes/onset.js';

const SHARES = new Float64Array(20).fill(0.05);

/** 400 categories, the latest first, of which the first `changed` come from `draw`. */
function categories(seed: number, changed: number, draw: (uniform: number) => number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: 400 }, (_, age) => (age < changed ? draw(random.uniform()) : random.below(20)));
}

for (const [name, changed, draw] of [
  ['all rows in one category', 12, () => 19],
  ['all rows in the upper half', 60, (u: number) => 10 + Math.floor(10 * u)],
  ['a third of the rows in one category', 60, (u: number) => (u < 1 / 3 ? 3 : Math.floor(20 * u))],
] as const) {
  test(`the rows since a change are found: ${name}`, () => {
    const found = Array.from({ length: 20 }, (_, seed) => rowsSinceOnset(categories(seed, changed, draw), SHARES).rows);
    const near = found.filter((rows) => rows >= 0.6 * changed && rows <= 1.2 * changed + 3);
    assert.ok(near.length >= 17, String(found));
  });
}

test('without a change, hardly anything is gained', () => {
  const gains = Array.from(
    { length: 20 },
    (_, seed) =>
      rowsSinceOnset(
        categories(seed, 0, () => 0),
        SHARES,
      ).gain,
  );
  assert.ok(
    gains.every((gain) => gain < 6),
    String(gains),
  );
});

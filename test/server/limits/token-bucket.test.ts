import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { TokenBucket, WINDOW } from '../../../src/server/limits/token-bucket.js';

test('a full bucket gives the allowance of its window at once, and then its rate', () => {
  const bucket = new TokenBucket(5);
  for (let i = 0; i < 5 * WINDOW; i++) {
    assert.equal(bucket.wait(1, 0), 0, `token ${i}`);
    bucket.take(1, 0);
  }
  assert.equal(bucket.wait(1, 0), 200);
  assert.equal(bucket.wait(1, 199), 1);
  assert.equal(bucket.wait(1, 200), 0);
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.untilFull(0), 1000 * WINDOW);
});

test('what is taken beyond the tokens is a debt that must be paid first', () => {
  const bucket = new TokenBucket(100);
  bucket.take(100 * WINDOW + 500, 0);
  assert.equal(bucket.wait(0, 0), 5000);
  assert.equal(bucket.wait(0, 4000), 1000);
  assert.equal(bucket.wait(0, 5000), 0);
  assert.equal(bucket.available(6000), 100);
});

test('it agrees with a bucket that counts its tokens', () => {
  const random = createRandom(3);
  const rate = 7;
  const bucket = new TokenBucket(rate);
  let tokens = rate * WINDOW;
  let last = 0;
  let refused = 0;
  for (let now = 0, i = 0; i < 5000; i++) {
    now += random.below(400);
    tokens = Math.min(rate * WINDOW, tokens + (rate * (now - last)) / 1000);
    last = now;
    const cost = random.below(4);
    const isAllowed = bucket.wait(cost, now) === 0;
    // Sums of fractions differ in their last digits.
    if (Math.abs(tokens - cost) > 1e-6) assert.equal(isAllowed, tokens >= cost, `step ${i}: ${tokens} tokens`);
    if (!isAllowed) refused++;
    else {
      tokens -= cost;
      bucket.take(cost, now);
    }
  }
  assert.ok(refused > 100, `${refused} refused`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { DesignEffect } from '../../../src/drift/dependence/design-effect.js';
import { addDifference, steadyEffect } from '../../../src/drift/dependence/steady-effect.js';
import type { Channel } from '../../../src/drift/rows/channels.js';

const BINS = 10;
const BLOCK = 100;
const CHANNEL: Channel = {
  kind: 'feature',
  name: 'x',
  index: 0,
  group: 'features',
  bins: { edges: [1, 2, 3, 4, 5, 6, 7, 8, 9], counts: new Array<number>(BINS).fill(1000) },
  offset: 0,
};

/** Adds blocks of 100 rows, whose bins `bin` draws, to windows of five blocks. */
function learn(effect: DesignEffect, blocks: number, bin: (row: number) => number, inAlarm = false): void {
  for (let b = 0; b < blocks; b++) {
    const counts = new Uint32Array(BINS);
    for (let r = 0; r < BLOCK; r++) counts[bin(b * BLOCK + r)]!++;
    effect.add(counts, () => inAlarm, 2, false);
  }
}

const open = () => new DesignEffect([CHANNEL], 5, 500, 10_000);
const even = (random: Random) => () => random.below(BINS);

test('independent rows have a design effect of 1, whatever their distribution', () => {
  const random = createRandom(1);
  for (const bin of [even(random), () => 3, () => 9 * random.below(2), () => Math.min(9, random.below(40))]) {
    const effect = open();
    learn(effect, 400, bin);
    assert.deepEqual([effect.windows[0], effect.charts[0], effect.orders[0]], [1, 1, -1]);
  }
});

test('rows that come several at a time are worth that many times less', () => {
  const random = createRandom(2);
  const effect = open();
  let bin = 0;
  learn(effect, 1000, (row) => {
    if (row % 10 === 0) bin = random.below(BINS);
    return bin;
  });
  assert.ok(effect.windows[0]! > 8 && effect.windows[0]! < 30, `${effect.windows[0]} with 10 equal rows each`);
  learn(effect, 5000, even(random));
  assert.equal(effect.windows[0], 1, 'and independent rows are believed again');
});

test('a step, an alarm, and a broken column that comes and goes are no dependence', () => {
  const random = createRandom(3);
  const effect = open();
  learn(effect, 50, even(random));
  learn(effect, 3, () => 9);
  assert.equal(effect.windows[0], 1, 'a step before its alarm');
  learn(effect, 100, () => 9, true);
  for (let i = 0; i < 20; i++) {
    learn(effect, 3, () => 9, true);
    learn(effect, 7, even(random), true);
  }
  learn(effect, 200, even(random));
  assert.deepEqual([effect.windows[0], effect.orders[0]], [1, -1]);
});

test('rows that go from one side of the baseline to the other and back come in an order, even in alarm', () => {
  const random = createRandom(4);
  for (const [day, level] of [
    [500, 0],
    [2000, 1],
    [20_000, 2],
  ] as const) {
    const effect = open();
    learn(effect, (2 * day) / BLOCK + 16, (row) => Math.floor((BINS * (row % day)) / day), true);
    assert.ok(effect.orders[0]! >= 0 && effect.orders[0]! <= level, `days of ${day} rows: level ${effect.orders[0]}`);
    assert.ok(effect.charts[0]! > 50);
    if (day === 500) assert.equal(effect.windows[0], 1, 'a window holds a whole day');
    else assert.ok(effect.windows[0]! > 50, `days of ${day} rows: ${effect.windows[0]}`);
    learn(effect, 32, even(random));
  }
});

test('an estimate continues from its state', () => {
  const first = open();
  learn(first, 333, (row) => Math.floor((BINS * (row % 2000)) / 2000));
  const second = open();
  second.restore(JSON.parse(JSON.stringify(first.state())), false);
  assert.deepEqual(second.state(), first.state());
  for (const effect of [first, second]) learn(effect, 30, even(createRandom(6)));
  assert.deepEqual(second.state(), first.state());
  assert.throws(() => new DesignEffect([CHANNEL, CHANNEL], 5, 500, 10).restore(first.state(), false), RangeError);
});

test('the mean of clipped differences gives the design effect back, and chance rarely does', () => {
  const random = createRandom(7);
  for (const expected of [1, 3, 10, 30]) {
    let mean = 0;
    let before = 0;
    let sum = 0;
    for (let i = 1; i <= 20_000; i++) {
      const entry = Math.sqrt(expected) * random.normal();
      mean = addDifference(mean, entry - before, i);
      before = entry;
      if (i > 100) sum += steadyEffect(mean, i) / 19_900;
    }
    // A fifth is added for the error of the estimate.
    const found = sum / (expected === 1 ? 1 : 1 + 3 / Math.sqrt(200));
    assert.ok(Math.abs(found / expected - 1) < 0.15, `${found} for ${expected}`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { finish } from '../../../src/base/steps.js';
import type { CoalitionNetwork } from '../../../src/model/explanation/coalition-network.js';
import { Game } from '../../../src/model/explanation/shapley.js';
import { assertClose } from '../../support/close-to.js';

const FEATURES = 6;

/** A game on numbers, one for each column, whose worth is a function of them. */
function gameOf(worth: (values: ArrayLike<number>) => number): Game {
  const network = {
    width: FEATURES,
    features: FEATURES,
    span: (column: number) => [column, column + 1],
    outputs: 1,
    predict(vectors: Float32Array, count: number, to: Float64Array): void {
      for (let r = 0; r < count; r++) to[r] = worth(vectors.subarray(r * FEATURES, (r + 1) * FEATURES));
    },
  };
  const game = new Game(network as unknown as CoalitionNetwork);
  const random = createRandom(4);
  game.players = [0, 1, 2, 3, 4, 5];
  for (const j of game.players) {
    game.start[j] = random.normal();
    game.changes[j * FEATURES + j] = random.normal();
  }
  return game;
}

function sums() {
  return { values: new Float64Array(FEATURES), variances: new Float64Array(FEATURES) };
}

test('with an order goes its reverse: what columns do alone and in pairs is exact in any two rounds', () => {
  const random = createRandom(5);
  const pairs = Array.from({ length: FEATURES ** 2 }, () => random.normal());
  const game = gameOf((values) => {
    let sum = 3 * values[0]! - values[1]!;
    for (let i = 0; i < FEATURES; i++) {
      for (let j = 0; j < i; j++) sum += pairs[i * FEATURES + j]! * values[i]! * values[j]!;
    }
    return sum;
  });
  const [exact, estimated] = [sums(), sums()];
  finish(game.playAll(exact));
  finish(game.playRounds(estimated, 2, createRandom(1)));
  assertClose(estimated.values, exact.values, 1e-5);
  assertClose(estimated.variances, new Float64Array(FEATURES), 1e-10);
});

test('the variance of the estimates is that of their distance from the exact values, in as many rounds as take several passes', () => {
  const game = gameOf(
    (values) => values[0]! * values[1]! * values[2]! + Math.exp(values[3]! * values[4]! * values[5]!),
  );
  const exact = sums();
  finish(game.playAll(exact));
  const rounds = 300;
  const seeds = 40;
  let [distance, variance] = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const estimated = sums();
    finish(game.playRounds(estimated, rounds, createRandom(seed)));
    for (let j = 0; j < FEATURES; j++) {
      distance += (estimated.values[j]! - exact.values[j]!) ** 2;
      variance += estimated.variances[j]!;
    }
  }
  assert.ok(distance / variance > 0.6 && distance / variance < 1.6, `${distance / variance}`);
});

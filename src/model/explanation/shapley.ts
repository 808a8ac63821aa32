import { type Random, shuffle } from '../../base/statistics/random.js';
import type { Steps } from '../../base/steps.js';
import type { CoalitionNetwork } from './coalition-network.js';

/** Vectors per forward pass: well below a millisecond, between two of which other requests are answered. */
const VECTORS_PER_PASS = 1024;

/** Where the vectors of a pass have those of no column and of all columns. */
const [NO_COLUMN, ALL_COLUMNS] = [0, 1];

/** Sums over the rows of a background, in target units. */
export interface ShapleySums {
  /** `[outputs, features]`: Shapley values. */
  readonly values: Float64Array;
  /** `[outputs, features]`: variances of the values as estimates; 0 where they are exact. */
  readonly variances: Float64Array;
}

/**
 * One game: a row and a row of the background. A coalition is a set of columns that have the row's values, while the others have those of
 * the background; its worth is the prediction. Buffers are not shared, since others may play between the steps.
 */
export class Game {
  readonly network: CoalitionNetwork;
  /** `[width]`: the vector without any column of the row. */
  readonly start: Float64Array;
  /** `[features, width]`: what each column adds. */
  readonly changes: Float64Array;
  /** The columns that differ between both rows. The others have no part in the difference. */
  players: readonly number[] = [];
  private vectors = new Float32Array(0);
  private worths = new Float64Array(0);

  constructor(network: CoalitionNetwork) {
    this.network = network;
    this.start = new Float64Array(network.width);
    this.changes = new Float64Array(network.features * network.width);
  }

  /** Adds the exact Shapley values: the weighted mean of what a column adds to each of the coalitions of the others (Shapley, 1953). */
  *playAll({ values }: ShapleySums): Steps<void> {
    const { players, start, changes } = this;
    const { width, outputs, features } = this.network;
    const n = players.length;
    const count = 2 ** n;
    const vectors = this.reserve(count);
    vectors.set(start);
    for (const [player, column] of players.entries()) {
      // The coalitions with this player, of those before it, are the ones without it and what it adds.
      const size = width << player;
      vectors.copyWithin(size, 0, size);
      const [from, to] = this.network.span(column);
      for (let k = from; k < to; k++) {
        const change = changes[column * width + k]!;
        for (let at = size + k; at < 2 * size; at += width) vectors[at]! += change;
      }
    }
    const worths = yield* this.worth(count);
    for (let o = 0; o < outputs; o++)
      addShapleyValues(worths.subarray(o), outputs, players, values.subarray(o * features));
  }

  /**
   * Adds estimates: the mean over `rounds`, at least 2, of what a column adds in a random order and in its reverse. What pairs of
   * columns do together is then exact (Mitchell, Cooper, Frank and Holmes, 2022, https://jmlr.org/papers/v23/21-0439.html).
   */
  *playRounds({ values, variances }: ShapleySums, rounds: number, random: Random): Steps<void> {
    const { players, network } = this;
    const { outputs, features } = network;
    const n = players.length;
    const perPass = Math.max(1, Math.floor((VECTORS_PER_PASS - 2) / (2 * (n - 1))));
    const orders = Array.from({ length: Math.min(perPass, rounds) }, () => Int32Array.from(players));
    const sums = new Float64Array(outputs * features);
    const squares = new Float64Array(outputs * features);
    for (let played = 0; played < rounds; played += orders.length) {
      orders.length = Math.min(orders.length, rounds - played);
      for (const order of orders) shuffle(order, random);
      const worths = yield* this.worth(this.fillPaths(orders));
      for (const [round, order] of orders.entries()) {
        // Coalitions of the first 1 to n - 1 columns of the order, then of the last 1 to n - 1.
        const first = 2 + 2 * round * (n - 1);
        const start = (size: number) => (size === 0 ? NO_COLUMN : size === n ? ALL_COLUMNS : first + size - 1);
        const end = (size: number) => (size === 0 ? NO_COLUMN : size === n ? ALL_COLUMNS : first + n - 2 + size);
        for (let k = 0; k < n; k++) {
          const [before, after] = [start(k) * outputs, start(k + 1) * outputs];
          const [beforeBack, afterBack] = [end(n - 1 - k) * outputs, end(n - k) * outputs];
          for (let o = 0, place = order[k]!; o < outputs; o++, place += features) {
            const joining = worths[after + o]! - worths[before + o]!;
            const value = (joining + worths[afterBack + o]! - worths[beforeBack + o]!) / 2;
            sums[place]! += value;
            squares[place]! += value * value;
          }
        }
      }
    }
    for (let at = 0; at < sums.length; at++) {
      const mean = sums[at]! / rounds;
      values[at]! += mean;
      variances[at]! += Math.max(0, squares[at]! / rounds - mean * mean) / (rounds - 1);
    }
  }

  /**
   * Writes the vectors of no and of all columns, and for each order those of the first 1 to n - 1 columns, then those of the last
   * 1 to n - 1. Returns their number.
   */
  private fillPaths(orders: readonly Int32Array[]): number {
    const { start, changes, network, players } = this;
    const { width } = network;
    const n = players.length;
    const count = 2 + 2 * orders.length * (n - 1);
    const vectors = this.reserve(count);
    const vector = start.slice();
    let at = 0;
    const write = () => {
      vectors.set(vector, at);
      at += width;
    };
    const join = (player: number) => {
      for (let k = 0, add = player * width; k < width; k++, add++) vector[k]! += changes[add]!;
    };
    write();
    for (const player of players) join(player);
    write();
    for (const order of orders) {
      vector.set(start);
      for (let k = 0; k < n - 1; k++) {
        join(order[k]!);
        write();
      }
      vector.set(start);
      for (let k = n - 1; k > 0; k--) {
        join(order[k]!);
        write();
      }
    }
    return count;
  }

  /** Predicts the first `count` vectors. Returns `[count, outputs]`, a view that the next call overwrites. */
  private *worth(count: number): Steps<Float64Array> {
    const { vectors, worths, network } = this;
    const { width, outputs } = network;
    for (let from = 0; from < count; from += VECTORS_PER_PASS) {
      const pass = Math.min(VECTORS_PER_PASS, count - from);
      network.predict(vectors.subarray(from * width, (from + pass) * width), pass, worths.subarray(from * outputs));
      yield;
    }
    return worths;
  }

  private reserve(count: number): Float32Array {
    const { width, outputs } = this.network;
    if (this.vectors.length < count * width) {
      this.vectors = new Float32Array(count * width);
      this.worths = new Float64Array(count * outputs);
    }
    return this.vectors;
  }
}

/**
 * Adds the Shapley values of `players` to `values`, from the worths of all coalitions, of which every `stride`-th number is one. A player
 * that changes no worth has exactly 0.
 */
function addShapleyValues(
  worths: Float64Array,
  stride: number,
  players: readonly number[],
  values: Float64Array,
): void {
  const weights = coalitionWeights(players.length);
  for (const [player, place] of players.entries()) {
    const step = 1 << player;
    let value = 0;
    // The coalitions without the player come in runs, each before that of the same ones with the player.
    for (let from = 0; from < weights.length; from += 2 * step) {
      for (let without = from; without < from + step; without++) {
        value += weights[without]! * (worths[(without + step) * stride]! - worths[without * stride]!);
      }
    }
    values[place]! += value;
  }
}

const weightsByPlayers: (Float64Array | undefined)[] = [];

/** Returns the weight of each coalition of `n` players, for those who would join it: `size! (n - size - 1)! / n!`. */
function coalitionWeights(n: number): Float64Array {
  const known = weightsByPlayers[n];
  if (known) return known;
  const bySize = new Float64Array(n + 1);
  bySize[0] = 1 / Math.max(1, n);
  for (let size = 1; size < n; size++) bySize[size] = (bySize[size - 1]! * size) / (n - size);
  const weights = Float64Array.from({ length: 2 ** n }, (_, coalition) => bySize[bitsIn(coalition)]!);
  weightsByPlayers[n] = weights;
  return weights;
}

function bitsIn(coalition: number): number {
  let bits = 0;
  for (let left = coalition; left !== 0; left &= left - 1) bits++;
  return bits;
}

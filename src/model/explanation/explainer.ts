import { createRandom } from '../../base/statistics/random.js';
import { hashRows } from '../../base/statistics/row-hashes.js';
import type { Steps } from '../../base/steps.js';
import type { EngineFactory } from '../network/engine.js';
import type { Predictor } from '../network/predictor.js';
import { FEW_COLUMNS } from './background.js';
import { CoalitionNetwork } from './coalition-network.js';
import { Game } from './shapley.js';

/** Multiplications for the exact values of one game, at most: those of 10 columns in an average of three usual networks. */
const EXACT_COST = 2 ** 24;
/** Multiplications for the estimates of a row, unless two rounds of each game take more: a few milliseconds. */
const ESTIMATE_COST = 2 ** 26;
/** The fewest rounds that show how much they differ. */
const MIN_ROUNDS = 2;

/** Why a row has its predictions, in target units. */
export interface Contributions {
  /** `[outputs]`: the mean prediction of the background. */
  readonly baseValues: Float64Array;
  /** `[outputs, features]`: Shapley values. With the base value, those of an output add up to its prediction. */
  readonly values: Float64Array;
  /** `[outputs]`: the largest standard error of a value; 0 if the values are exact. */
  readonly standardErrors: Float64Array;
}

/** What the first explanation prepares. */
interface Opened {
  readonly network: CoalitionNetwork;
  /** Rows of the background. */
  readonly rows: number;
  /** `[rows, inputs]`, encoded. */
  readonly background: Float32Array;
  /** `[outputs]`: its mean prediction. */
  readonly baseValues: Float64Array;
}

/**
 * Explains the predictions of a model by Shapley values of the interventional game (Lundberg and Lee, 2017,
 * https://arxiv.org/abs/1705.07874; Janzing et al., 2020, https://arxiv.org/abs/1910.13413): what a column contributes is the change of
 * the prediction when it takes the row's value instead of that of a background row, averaged over the sets of columns that have
 * changed before, and over the background. A category or a timestamp is one column.
 */
export class Explainer {
  private readonly predictor: Predictor;
  private readonly createEngine: EngineFactory;
  private readonly drawBackground: () => Float32Array;
  private opened: Opened | undefined;
  private isClosed = false;

  /** `drawBackground` returns its rows `[rows, features]`, at least one. It is called at the first explanation. */
  constructor(predictor: Predictor, createEngine: EngineFactory, drawBackground: () => Float32Array) {
    this.predictor = predictor;
    this.createEngine = createEngine;
    this.drawBackground = drawBackground;
  }

  /** Multiplications that a row takes, at most. */
  get cost(): number {
    const { network, rows } = this.open();
    const { features, cost } = network;
    const coalitions = isExact(features, cost) ? 2 ** features : 2 * (features - 1) * roundsOf(features, cost, rows);
    return rows * coalitions * cost;
  }

  /**
   * Explains the row `row` of `inputs` `[rows, inputs]`, encoded, whose `predictions` `[outputs]` are known. The same row has the same
   * contributions. They are not finite if float32 cannot hold the prediction of a mixture of the row and the background.
   */
  *explain(inputs: Float32Array, row: number, predictions: Float32Array): Steps<Contributions> {
    const { network, rows, background, baseValues } = this.open();
    const { features, outputs, cost } = network;
    const { inputs: width } = this.predictor.encoder;
    // Its own copy: others may predict between the steps.
    const own = inputs.slice(row * width, (row + 1) * width);
    const random = createRandom(hashRows(1, own)[0]!);
    const game = new Game(network);
    const sums = {
      values: new Float64Array(outputs * features),
      variances: new Float64Array(outputs * features),
    };
    for (let r = 0; r < rows; r++) {
      const other = background.subarray(r * width, (r + 1) * width);
      network.start(other, game.start);
      game.players = network.changes(other, own, game.changes);
      const { length: n } = game.players;
      if (n === 0) continue;
      if (isExact(n, cost)) yield* game.playAll(sums);
      else yield* game.playRounds(sums, roundsOf(n, cost, rows), random);
    }
    const values = sums.values.map((sum) => sum / rows);
    const standardErrors = new Float64Array(outputs);
    for (let o = 0; o < outputs; o++) {
      const own = values.subarray(o * features, (o + 1) * features);
      addUp(own, predictions[o]! - baseValues[o]!);
      const variance = sums.variances.subarray(o * features, (o + 1) * features).reduce((a, b) => Math.max(a, b), 0);
      standardErrors[o] = Math.sqrt(variance) / rows;
    }
    return { baseValues, values, standardErrors };
  }

  close(): void {
    this.isClosed = true;
    this.opened?.network.close();
    this.opened = undefined;
  }

  private open(): Opened {
    if (this.isClosed) throw new Error('this explainer is closed');
    if (!this.opened) {
      const { encoder } = this.predictor;
      const codes = this.drawBackground();
      const rows = codes.length / encoder.width;
      const background = new Float32Array(rows * encoder.inputs);
      encoder.encode(codes, background, rows);
      const network = new CoalitionNetwork(this.predictor, this.createEngine);
      this.opened = { network, rows, background, baseValues: meanPrediction(network, background, rows) };
    }
    return this.opened;
  }
}

function isExact(players: number, cost: number): boolean {
  return players <= FEW_COLUMNS && 2 ** players * cost <= EXACT_COST;
}

/** Rounds of each of `rows` games. */
function roundsOf(players: number, cost: number, rows: number): number {
  return Math.max(MIN_ROUNDS, Math.floor(ESTIMATE_COST / (rows * 2 * (players - 1) * cost)));
}

function meanPrediction(network: CoalitionNetwork, background: Float32Array, rows: number): Float64Array {
  const { width, outputs } = network;
  const vector = new Float64Array(width);
  const vectors = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    network.start(background.subarray((r * background.length) / rows, ((r + 1) * background.length) / rows), vector);
    vectors.set(vector, r * width);
  }
  const predictions = new Float64Array(rows * outputs);
  network.predict(vectors, rows, predictions);
  const means = new Float64Array(outputs);
  predictions.forEach((prediction, at) => {
    means[at % outputs]! += prediction / rows;
  });
  return means;
}

/** Spreads what rounding leaves over the values, in proportion to their sizes, so that they add up to `sum`. One that is 0 stays 0. */
function addUp(values: Float64Array, sum: number): void {
  let found = 0;
  let size = 0;
  for (const value of values) {
    found += value;
    size += Math.abs(value);
  }
  if (size === 0) return;
  const share = (sum - found) / size;
  for (let j = 0; j < values.length; j++) values[j]! += share * Math.abs(values[j]!);
}

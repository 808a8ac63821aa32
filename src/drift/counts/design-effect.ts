import { type Static, Type } from 'typebox';
import { logChiSquareTail } from '../../base/statistics/chi-square.js';
import { NO_BIN } from '../../model/baseline/bins.js';

/** Blocks of rows that the estimate is made from. */
const BLOCKS = 50;
/** Probability that any channel's independent rows are found dependent. */
const ALPHA = 0.01;

const Numbers = Type.Array(Type.Number());

/** A design effect on disk. */
export const DesignEffectState = Type.Object({
  rows: Type.Integer({ minimum: 0 }),
  sums: Numbers,
  block_squares: Numbers,
  block_sums: Numbers,
  effects: Type.Array(Type.Number({ minimum: 1 })),
  squares: Numbers,
});
type DesignEffectState = Static<typeof DesignEffectState>;

/**
 * The number of rows that carry the information of one independent row, per channel, when neighbouring rows resemble each other:
 * the variance of block means over that of independent rows, `block × var(block means) / var(rows)`, of the bin numbers in the
 * first 50 blocks. 1 until these are complete, and 1 unless the blocks differ significantly. A drift during these blocks is
 * mistaken for dependence.
 */
export class DesignEffect {
  /** `[channels]`, each at least 1. */
  readonly effects: Float64Array;
  private readonly block: number;
  private rows = 0;
  private readonly blockSums: Float64Array;
  private readonly blockSquares: Float64Array;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;

  /** `block`: rows per block. */
  constructor(channels: number, block: number) {
    this.block = block;
    this.effects = new Float64Array(channels).fill(1);
    this.blockSums = new Float64Array(channels);
    this.blockSquares = new Float64Array(channels);
    this.sums = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  /** Whether the estimate is made. */
  get settled(): boolean {
    return this.rows === this.block * BLOCKS;
  }

  /** Adds a row's bins, one per channel. */
  add(bins: Uint8Array): void {
    if (this.settled) return;
    for (let c = 0; c < bins.length; c++) {
      const bin = bins[c]!;
      if (bin === NO_BIN) continue;
      this.blockSums[c]! += bin;
      this.squares[c]! += bin * bin;
    }
    this.rows++;
    if (this.rows % this.block === 0) this.closeBlock();
    if (this.settled) this.estimate();
  }

  reset(): void {
    this.rows = 0;
    this.effects.fill(1);
    for (const sums of [this.blockSums, this.blockSquares, this.sums, this.squares]) sums.fill(0);
  }

  state(): DesignEffectState {
    return {
      rows: this.rows,
      sums: Array.from(this.sums),
      block_squares: Array.from(this.blockSquares),
      block_sums: Array.from(this.blockSums),
      effects: Array.from(this.effects),
      squares: Array.from(this.squares),
    };
  }

  restore(state: DesignEffectState): void {
    this.rows = state.rows;
    this.sums.set(state.sums);
    this.blockSquares.set(state.block_squares);
    this.blockSums.set(state.block_sums);
    this.effects.set(state.effects);
    this.squares.set(state.squares);
  }

  private closeBlock(): void {
    for (let c = 0; c < this.sums.length; c++) {
      this.sums[c]! += this.blockSums[c]!;
      this.blockSquares[c]! += this.blockSums[c]! ** 2;
      this.blockSums[c] = 0;
    }
  }

  private estimate(): void {
    const logAlpha = Math.log(ALPHA / this.effects.length);
    for (let c = 0; c < this.effects.length; c++) {
      const mean = this.sums[c]! / this.rows;
      const variance = this.squares[c]! / this.rows - mean * mean;
      if (!(variance > 0)) continue;
      // The sum over blocks of (block mean - mean)² × block / variance is χ² with BLOCKS - 1 degrees if rows are independent.
      const spread = (this.blockSquares[c]! / this.block - this.rows * mean * mean) / variance;
      if (logChiSquareTail(spread, BLOCKS - 1) < logAlpha) this.effects[c] = spread / (BLOCKS - 1);
    }
  }
}

import { binShares } from '../../model/baseline/sketches/bins.js';
import type { Channel } from '../rows/channels.js';

/** Scores of a channel: location and spread. */
export const SCORES = 2;
/** A polynomial whose squared length is below this is rounding error: there are no more orders than bins. */
const MIN_SQUARED_LENGTH = 1e-12;

/**
 * Scores of bins: polynomials of the baseline's middle ranks that are orthonormal in the baseline (Rayner, Thas and Best,
 * "Smooth Tests of Goodness of Fit", 2009). In rows like the baseline's each score has mean 0 and variance 1.
 */
export class BinScores {
  /** `[channels]`: the end of each channel's bins. */
  private readonly ends: Uint32Array;
  /** `[bins of all channels, SCORES]`; 0 where a channel has too few bins. */
  private readonly scores: Float64Array;

  constructor(channels: readonly Channel[]) {
    this.ends = Uint32Array.from(channels, ({ offset, bins }) => offset + bins.counts.length);
    this.scores = Float64Array.from(channels.flatMap(({ bins }) => scoreBins(bins.counts)));
  }

  /**
   * Computes the mean scores of the rows counted in `counts` `[bins of all channels]`, times the square
   * root of their number, into `means` `[channels, SCORES]`: standard normal for independent rows like the baseline's. Scores
   * that vary more than in the baseline are divided by their standard deviation, so that independent rows give at most a variance of 1
   * whatever their distribution. 0 for a channel without values. Computes the variance of the scores into `variances`.
   */
  measure(counts: Uint32Array, means: Float64Array, variances: Float64Array): void {
    const { scores, ends } = this;
    for (let c = 0, k = 0; c < ends.length; c++) {
      const end = ends[c]!;
      let rows = 0;
      let location = 0;
      let spread = 0;
      let locationSquares = 0;
      let spreadSquares = 0;
      for (; k < end; k++) {
        const count = counts[k]!;
        const a = scores[SCORES * k]!;
        const b = scores[SCORES * k + 1]!;
        rows += count;
        location += count * a;
        spread += count * b;
        locationSquares += count * a * a;
        spreadSquares += count * b * b;
      }
      variances[SCORES * c] = varianceOf(location, locationSquares, rows);
      variances[SCORES * c + 1] = varianceOf(spread, spreadSquares, rows);
      means[SCORES * c] = standardise(location, variances[SCORES * c]!, rows);
      means[SCORES * c + 1] = standardise(spread, variances[SCORES * c + 1]!, rows);
    }
  }
}

function varianceOf(sum: number, squares: number, rows: number): number {
  return rows === 0 ? 0 : Math.max(0, squares / rows - (sum / rows) ** 2);
}

function standardise(sum: number, variance: number, rows: number): number {
  return rows === 0 ? 0 : sum / Math.sqrt(rows * Math.max(1, variance));
}

/** Returns the scores of a channel's bins, `[bins, SCORES]`. */
function scoreBins(counts: readonly number[]): number[] {
  const shares = binShares(counts);
  let before = 0;
  const ranks = Array.from(shares, (share) => {
    before += share;
    return 2 * before - share - 1;
  });
  // Gram and Schmidt: each power of the rank, less its projections on the polynomials before it.
  const polynomials: number[][] = [ranks.map(() => 1)];
  for (let order = 1; order <= SCORES; order++) {
    let polynomial = ranks.map((rank) => rank ** order);
    for (const one of polynomials) {
      const projection = product(polynomial, one, shares);
      polynomial = polynomial.map((value, k) => value - projection * one[k]!);
    }
    const squaredLength = product(polynomial, polynomial, shares);
    const scale = squaredLength > MIN_SQUARED_LENGTH ? 1 / Math.sqrt(squaredLength) : 0;
    polynomials.push(polynomial.map((value) => value * scale));
  }
  return ranks.flatMap((_, k) => polynomials.slice(1).map((polynomial) => polynomial[k]!));
}

function product(a: readonly number[], b: readonly number[], shares: Float64Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k]! * shares[k]!, 0);
}

import { createRandom, type Random } from '../../../src/base/statistics/random.js';

/** The features of a made-up plant, in order, and what is predicted from them. */
export const FEATURES = ['temperature', 'pressure', 'flow', 'speed', 'load'] as const;
export const TARGET = 'power';

/** Means and standard deviations of the features, in units as different as real ones. */
const MEANS = [80, 12, 350, 1450, 0.6];
const DEVIATIONS = [6, 0.8, 40, 90, 0.08];
/** What a feature takes from each of two hidden states of the plant; the rest of its variance is its own. */
const LOADINGS = [
  [0.9, 0],
  [0.6, 0.6],
  [0, 0.8],
  [0.5, -0.7],
  [0.3, 0.3],
];

/** A seeded plant whose features depend on each other. Rows of one seed never repeat. */
export class Plant {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = createRandom(seed);
  }

  /** `[count, features]`, in raw units. */
  rows(count: number): number[][] {
    return Array.from({ length: count }, () => this.row());
  }

  /** A CSV of `count` rows, with a header row and the target in the last column. */
  csv(count: number): string {
    const lines = this.rows(count).map((row) => [...row, this.power(row)].join(','));
    return `${[...FEATURES, TARGET].join(',')}\n${lines.join('\n')}\n`;
  }

  /** What is predicted of a row, with noise. */
  power(row: readonly number[]): number {
    const [a, , b, c, d] = row.map((value, j) => (value - MEANS[j]!) / DEVIATIONS[j]!);
    return 500 + 40 * (a! + 0.5 * b! * c! + d!) + 10 * this.random.normal();
  }

  private row(): number[] {
    const states = [this.random.normal(), this.random.normal()];
    return LOADINGS.map((loadings, j) => {
      const own = Math.sqrt(1 - loadings.reduce((sum, loading) => sum + loading ** 2, 0));
      const value = loadings.reduce((sum, loading, k) => sum + loading * states[k]!, own * this.random.normal());
      return MEANS[j]! + DEVIATIONS[j]! * value;
    });
  }
}

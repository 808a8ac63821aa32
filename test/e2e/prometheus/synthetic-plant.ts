import { createRandom, type Random } from '../../../src/base/statistics/random.js';

/** The features and the target of a synthetic plant. */
export const FEATURES = ['temperature', 'pressure', 'flow', 'speed', 'load'] as const;
export const TARGET = 'power';

/** Means and standard deviations of the features, in realistic units of different scales. */
const MEANS = [80, 12, 350, 1450, 0.6];
const DEVIATIONS = [6, 0.8, 40, 90, 0.08];
/** Loadings of the features on two hidden states of the plant. The rest of their variance is independent. */
const LOADINGS = [
  [0.9, 0],
  [0.6, 0.6],
  [0, 0.8],
  [0.5, -0.7],
  [0.3, 0.3],
];

/** A seeded plant with dependent features. Rows do not repeat. */
export class Plant {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = createRandom(seed);
  }

  /** `[count, features]`, in raw units. */
  rows(count: number): number[][] {
    return Array.from({ length: count }, () => this.row());
  }

  /** Returns a CSV of `count` rows, with a header row and the target in the last column. */
  csv(count: number): string {
    const lines = this.rows(count).map((row) => [...row, this.power(row)].join(','));
    return `${[...FEATURES, TARGET].join(',')}\n${lines.join('\n')}\n`;
  }

  /** Returns the target of a row, with noise. */
  power(row: readonly number[]): number {
    const [a, , b, c, d] = row.map((value, j) => (value - MEANS[j]!) / DEVIATIONS[j]!);
    return 500 + 40 * (a! + 0.5 * b! * c! + d!) + 10 * this.random.normal();
  }

  private row(): number[] {
    const states = [this.random.normal(), this.random.normal()];
    return LOADINGS.map((loadings, j) => {
      const independent = Math.sqrt(1 - loadings.reduce((sum, loading) => sum + loading ** 2, 0));
      const value = loadings.reduce(
        (sum, loading, k) => sum + loading * states[k]!,
        independent * this.random.normal(),
      );
      return MEANS[j]! + DEVIATIONS[j]! * value;
    });
  }
}

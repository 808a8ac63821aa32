import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Figures computed by SciPy and NumPy. */
interface ScipyStatistics {
  normal: { log_cdf: [number, number][]; quantile: [number, number][] };
  chi_square: [number, number, number][];
  chi_square_quantile: [number, number, number][];
  hypergeometric: [number, number, number, number, number][];
  outside_range: [number, number, number, number][];
  two_samples: {
    window: number[];
    baseline: number[];
    chi_square: number;
    chi_square_p: number;
    wilcoxon_p: number;
    smooth_components: number[];
    jensen_shannon: number;
  }[];
  normal_scores: { values: number[]; scores: number[] };
  combined: [number[], number][];
  stability_index: [number, number][];
  stability_critical: [number, number, number, number][];
  chi_square_deviate: [number, number, number, number][];
  design_effect: { columns: number[][]; effects: number[] };
}

export const SCIPY = JSON.parse(readFileSync('test/fixtures/scipy-statistics.json', 'utf8')) as ScipyStatistics;

/** Asserts that `found` is within 1e-9 of `expected`, relative. */
export function assertClose(found: number, expected: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= 1e-9 * Math.abs(expected) + 1e-15, `${what}: ${found} is not ${expected}`);
}

/** Asserts that a logarithm of a probability is within 1e-9 of `expected`, and within its own rounding where it is large. */
export function assertLogClose(found: number, expected: number, what: string): void {
  const tolerance = 1e-9 + 1e-14 * Math.abs(expected);
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found} is not ${expected}`);
}

import { boundExponent, type Difficulty, TERMS, writeTerms } from '../../intervals/difficulty.js';
import { solve } from '../ridge/ridge.js';

/** Fewer rows say nothing of which are difficult. */
const MIN_ROWS = 30;

/** Precision of the coefficients' prior, in units of the terms' deviations. Of 3, 10, 30 and 100, the best on 14 tables. */
const PENALTY = 3;

/** Steps of iterated least squares. They converge in five or so. */
const STEPS = 10;

/** Bounds of a step: of a row's expected residual about the typical one, as a logarithm, and of a residual, in expected ones. */
const MAX_DISTANCE = 3;
const MAX_RATIO = 5;

/** Rows to fit to. */
export interface ScoredRows {
  /** Predictions, on the scale on which the target is learned. */
  readonly outputs: Float64Array;
  /** Reconstruction errors. */
  readonly errors: Float64Array;
  /** Absolute residuals, on the same scale as `outputs`. */
  readonly residuals: Float64Array;
}

/**
 * Fits how large the residuals of rows are to be expected: a regression of the gamma family with a logarithmic link, whose iterated
 * least squares have constant weights (McCullagh and Nelder 1989, Generalized Linear Models, 8.3), with a ridge penalty.
 * Returns null for too few rows, or residuals that are all 0.
 */
export function fitDifficulty({ outputs, errors, residuals }: ScoredRows): Difficulty | null {
  const { length } = outputs;
  // The median, because a few residuals beyond all others would hide the rest; it is 0 if most rows are predicted exactly.
  const typical = residuals.slice().sort()[Math.floor(length / 2)]! || mean(residuals);
  if (length < MIN_ROWS || !(typical > 0)) return null;
  const knots = knotsOf(outputs);
  const terms = new Float64Array(length * TERMS);
  for (let row = 0; row < length; row++) writeTerms(outputs[row]!, errors[row]!, knots, terms, row * TERMS);
  const { centres, scales } = standardise(terms);
  const gram = penalisedGram(terms);
  const centre = Math.log(typical);
  let constant = centre;
  let weights = new Float64Array(TERMS);
  const exponents = new Float64Array(length).fill(centre);
  for (let step = 0; step < STEPS; step++) {
    const response = exponents.map((exponent, row) => {
      const expected = Math.exp(Math.max(centre - MAX_DISTANCE, Math.min(centre + MAX_DISTANCE, exponent)));
      return exponent - constant + Math.min(MAX_RATIO, residuals[row]! / expected) - 1;
    });
    const shift = mean(response);
    const moments = new Float64Array(TERMS);
    for (let row = 0, at = 0; row < length; row++) {
      for (let i = 0; i < TERMS; i++, at++) moments[i]! += terms[at]! * (response[row]! - shift);
    }
    constant += shift;
    weights = solve(gram.slice(), moments, TERMS, 1);
    for (let row = 0, at = 0; row < length; row++) {
      let exponent = constant;
      for (let i = 0; i < TERMS; i++, at++) exponent += weights[i]! * terms[at]!;
      exponents[row] = exponent;
    }
  }
  const range = [exponents.reduce(lesser), exponents.reduce(greater)].map(boundExponent) as [number, number];
  const coefficients = Array.from(weights, (weight, i) => weight / scales[i]!);
  const offset = coefficients.reduce((sum, coefficient, i) => sum + coefficient * centres[i]!, 0);
  return { knots, coefficients: [...coefficients, constant - offset], range };
}

/** Returns the quantiles 0.1, 0.3, 0.5, 0.7 and 0.9 of the predictions. */
function knotsOf(outputs: Float64Array): number[] {
  const sorted = outputs.slice().sort();
  return [0.1, 0.3, 0.5, 0.7, 0.9].map((share) => sorted[Math.floor(share * (sorted.length - 1))]!);
}

/** Standardises the columns of `terms` `[rows, TERMS]` in place. A constant column becomes 0. */
function standardise(terms: Float64Array): { centres: Float64Array; scales: Float64Array } {
  const rows = terms.length / TERMS;
  const centres = new Float64Array(TERMS);
  const scales = new Float64Array(TERMS);
  terms.forEach((value, at) => {
    centres[at % TERMS]! += value / rows;
  });
  terms.forEach((value, at) => {
    scales[at % TERMS]! += (value - centres[at % TERMS]!) ** 2 / rows;
  });
  for (let i = 0; i < TERMS; i++) {
    const scale = Math.sqrt(scales[i]!);
    // The deviation of a constant column is 0 but for rounding.
    scales[i] = scale > 1e-9 * (1 + Math.abs(centres[i]!)) ? scale : Number.POSITIVE_INFINITY;
  }
  for (let at = 0; at < terms.length; at++) terms[at] = (terms[at]! - centres[at % TERMS]!) / scales[at % TERMS]!;
  return { centres, scales };
}

/** Returns the lower triangle of `XᵀX + PENALTY` `[TERMS, TERMS]`. */
function penalisedGram(terms: Float64Array): Float64Array {
  const gram = new Float64Array(TERMS * TERMS);
  for (let at = 0; at < terms.length; at += TERMS) {
    for (let i = 0; i < TERMS; i++) {
      for (let j = 0; j <= i; j++) gram[i * TERMS + j]! += terms[at + i]! * terms[at + j]!;
    }
  }
  for (let i = 0; i < TERMS; i++) gram[i * TERMS + i]! += PENALTY;
  return gram;
}

function lesser(a: number, b: number): number {
  return Math.min(a, b);
}

function greater(a: number, b: number): number {
  return Math.max(a, b);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import type { PowerEncoding } from './encoding.js';

/** Fits a power transform to the values of a column, where its tails ask for one. */
export function fitPower(_codes: Float32Array): PowerEncoding | undefined {
  return undefined;
}

import { readFileSync } from 'node:fs';
import { layerShapes, type Shape, weightCount } from '../../src/model/network/shape.js';

type Layers = Record<string, { kernel: number[]; bias: number[] }>;

interface Training {
  learning_rate: number;
  steps: number;
  total_loss_before_each_step: number[];
  outputs_after: number[];
  losses_after: [number];
}

/** One network computed by Keras 3.15: what went in and what came out. */
export interface GoldenCase {
  n_inputs: number;
  output_dim: number;
  rows: number;
  inputs: number[];
  targets: number[];
  weights: Layers;
  gradients: Layers;
  forward: {
    outputs: number[];
    reconstruction: number[];
    row_reconstruction_error: number[];
    reconstruction_error: number;
    losses: [number];
  };
  training: Record<'sgd' | 'adam' | 'nadam', Training>;
}

export const goldenCases = (
  JSON.parse(readFileSync(new URL('../../../test/fixtures/keras-golden.json', import.meta.url), 'utf8')) as {
    cases: GoldenCase[];
  }
).cases;

export function goldenShape(golden: GoldenCase): Shape {
  return {
    inputs: golden.n_inputs,
    outputs: golden.output_dim,
    hidden: [30, 30, 30, 30, 30],
    auxiliaryWeight: 0.05,
  };
}

/** Weights or gradients, flat in the order of `layerShapes`. */
export function flat(layers: Layers, shape: Shape): Float32Array {
  const all = new Float32Array(weightCount(shape));
  for (const { name, kernelOffset, biasOffset } of layerShapes(shape)) {
    all.set(layers[name]!.kernel, kernelOffset);
    all.set(layers[name]!.bias, biasOffset);
  }
  return all;
}

/** The largest absolute difference. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Array.from(actual).reduce((most, value, i) => {
    const difference = Math.abs(value - expected[i]!);
    return Math.max(difference, most);
  }, 0);
}

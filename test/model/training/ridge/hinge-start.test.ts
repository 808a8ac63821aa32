import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { initialWeights } from '../../../../src/model/network/initial-weights.js';
import { layerShapes, type Shape } from '../../../../src/model/network/shape.js';
import { startHinges } from '../../../../src/model/training/ridge/hinge-start.js';

const SHAPE: Shape = { inputs: 3, outputs: 1, hidden: [64, 8], auxiliaryWeight: 0.05 };
const [FIRST, SECOND] = layerShapes(SHAPE);
const ROWS = 100;

/** The second input is one of a level: it has two values. */
function known() {
  const random = createRandom(2);
  const inputs = Float32Array.from({ length: 3 * ROWS }, (_, i) => (i % 3 === 1 ? random.below(2) : random.normal()));
  return { rows: ROWS, inputs, targets: new Float32Array(ROWS) };
}

test('each hinge depends on one input, and bends where a training row is', () => {
  const weights = initialWeights(SHAPE, 1);
  const before = weights.slice();
  const rows = known();
  startHinges(weights, SHAPE, rows, 1, 3);
  const bent = new Set<number>();
  for (let unit = 1; unit < 64; unit++) {
    const kernel = [0, 1, 2].map((input) => weights[FIRST!.kernelOffset + input * 64 + unit]!);
    const input = kernel.findIndex((weight) => weight !== 0);
    assert.equal(kernel.filter((weight) => weight !== 0).length, 1);
    assert.equal(Math.abs(kernel[input]!), 4);
    const value = -weights[FIRST!.biasOffset + unit]! / kernel[input]!;
    assert.ok(rows.inputs.some((each, i) => i % 3 === input && Math.abs(each - value) < 1e-6));
    bent.add(input);
  }
  assert.deepEqual([...bent].sort(), [0, 2]);
  const unitZero = (from: Float32Array) => [0, 1, 2].map((input) => from[FIRST!.kernelOffset + input * 64]!);
  assert.deepEqual(unitZero(weights), unitZero(before));
  assert.deepEqual(weights.subarray(SECOND!.kernelOffset), before.subarray(SECOND!.kernelOffset));
});

test('a share of the units are hinges; of levels alone, none', () => {
  const weights = initialWeights(SHAPE, 1);
  startHinges(weights, SHAPE, known(), 0.5, 3);
  const isHinge = (unit: number) => weights[FIRST!.kernelOffset + 64 + unit] === 0;
  const hinges = Array.from({ length: 63 }, (_, i) => i + 1).filter(isHinge).length;
  assert.ok(hinges > 15 && hinges < 48, `${hinges} of 63`);
  const levels = { rows: 4, inputs: Float32Array.of(0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1), targets: new Float32Array(4) };
  const untouched = initialWeights(SHAPE, 1);
  startHinges(untouched, SHAPE, levels, 1, 3);
  assert.deepEqual(untouched, initialWeights(SHAPE, 1));
});

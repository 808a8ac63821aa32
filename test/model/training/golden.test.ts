import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { networkFactory } from '../../../src/model/engines/kernel/network.js';
import { loadWasmOps } from '../../../src/model/engines/kernel/wasm-ops.js';
import { train } from '../../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../../src/model/training/training-options.js';
import { labelledRows } from '../../support/labelled-rows.js';

/** SHA-256 of the weights. A change of it is a change of what every training without a search makes. */
const GOLDEN = '7a7d2d875e20d45a979cd1a8bbfd7b0f21d1d014a4f65d14091341737c9710f5';

test('a training with the options of a client alone makes the weights that it always made, bit for bit', async () => {
  // Without relaxed instructions, a processor makes no difference.
  const createEngine = networkFactory('kernel', loadWasmOps('simd')!);
  const { weights } = await train(createEngine, labelledRows(150), 3, ['y'], { ...DEFAULT_TRAINING, epochs: 4 });
  assert.equal(createHash('sha256').update(weights).digest('hex'), GOLDEN);
});

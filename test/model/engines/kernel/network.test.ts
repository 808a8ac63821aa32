import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadKernel, networkFactory } from '../../../../src/model/engines/kernel/network.js';
import type { Ops } from '../../../../src/model/engines/kernel/ops.js';
import { loadWasmOps } from '../../../../src/model/engines/kernel/wasm-ops.js';
import type { Engine } from '../../../../src/model/network/engine.js';
import type { Shape } from '../../../../src/model/network/shape.js';
import { randomBatch, randomWeights } from '../../../support/batch.js';
import { referenceOps } from '../../../support/reference-ops.js';
import { testedKernels } from '../../../support/tested-engines.js';

const SHAPE: Shape = { inputs: 9, outputs: 2, hidden: [30, 7], auxiliaryWeight: 0.05 };

for (const { label, create } of testedKernels()) {
  describe(label, () => {
    if ('missing' in create) {
      test('runs here', { skip: create.missing }, () => {});
      return;
    }
    const open = () => create(SHAPE, randomWeights(SHAPE), { name: 'nadam', learningRate: 0.001 });

    test('a row gives the same bits in a batch of any size', () => {
      const engine = open();
      const { rows } = randomBatch(SHAPE, 200);
      const whole = copyPass(engine, rows, 200);
      for (const count of [1, 2, 3, 4, 5, 8, 12, 64, 65, 69, 131]) {
        const pass = copyPass(engine, rows, count);
        assert.deepEqual(pass.outputs, whole.outputs.subarray(0, 2 * count));
        assert.deepEqual(pass.reconstructions, whole.reconstructions.subarray(0, 9 * count));
        assert.deepEqual(pass.errors, whole.errors.subarray(0, count));
      }
    });

    test('SELU is accurate to 3e-7, relative, from where it vanishes to where it overflows', () => {
      // One hidden unit and an output, both with kernel 1 and bias 0.
      const engine = create(
        { inputs: 1, outputs: 1, hidden: [1], auxiliaryWeight: 0 },
        Float32Array.of(1, 0, 1, 0, 0, 0),
      );
      const positive = Array.from({ length: 2000 }, (_, i) => 1e-20 * 1.0471 ** i).filter((x) => x < 1e38);
      const x = Float32Array.from([0, ...positive, ...positive.map((value) => -value)]);
      const { outputs } = engine.forward(x, x.length);
      x.forEach((value, i) => {
        const expected = 1.0507009873554805 * (value > 0 ? value : 1.6732632423543772 * Math.expm1(value));
        const difference = Math.abs(outputs[i]! - expected);
        assert.ok(difference <= 3e-7 * Math.abs(expected), `selu(${value}) is ${expected}, not ${outputs[i]}`);
      });
    });

    test('passes share their buffers, and passes of one size their views', () => {
      const engine = open();
      const { rows } = randomBatch(SHAPE, 50);
      const large = engine.forward(rows, 50);
      const small = engine.forward(rows, 20);
      assert.equal(small.outputs.buffer, large.outputs.buffer);
      assert.equal(small.reconstructions.buffer, large.reconstructions.buffer);
      assert.equal(small.errors.buffer, large.errors.buffer);
      assert.equal(engine.forward(rows.subarray(9), 20), small);
      assert.equal(engine.gradients(), engine.gradients());
    });

    test('neither a forward pass nor a step allocates with the batch', () => {
      const engine = open();
      const { rows, targets, index } = randomBatch(SHAPE, 640);
      const forward = () => engine.forward(rows, 640);
      const step = () => engine.step(rows, targets, index, 0, 640);
      const { heap, buffers } = bytesPerCall(forward, 64);
      assert.ok(heap < 64 && buffers < 64, `a forward pass leaves ${heap} bytes and ${buffers} of buffers`);
      // V8 allocates some numbers of a step. How many depends on what it inlines, which differs between runs. One number per row
      // would be 10,240 bytes.
      const stepped = bytesPerCall(step, 8192);
      assert.ok(stepped.heap < 8192, `a step leaves ${stepped.heap} bytes`);
      assert.ok(stepped.buffers < 64, `a step leaves ${stepped.buffers} bytes of buffers`);
    });

    test('a RangeError is thrown for more rows than the array has', () => {
      const engine = open();
      const { rows, targets, index } = randomBatch(SHAPE, 5);
      assert.throws(() => engine.forward(rows, 6), RangeError);
      assert.throws(() => engine.forward(rows, -1), RangeError);
      assert.throws(() => engine.forward(rows, Number.NaN), RangeError);
      assert.throws(() => engine.gradient(rows, targets, index, 0, 6), RangeError);
      assert.throws(() => engine.gradient(rows, targets, index, -1, 3), RangeError);
    });

    test('a closed engine throws, and closes again', () => {
      const engine = open();
      engine.close();
      engine.close();
      assert.throws(() => engine.forward(new Float32Array(9), 1), /closed/);
      assert.throws(() => engine.weights(), /closed/);
      assert.throws(() => engine.gradients(), /closed/);
    });

    test('engines do not share a memory', () => {
      const [first, second] = [open(), open()];
      first.setWeights(randomWeights(SHAPE, 77));
      assert.deepEqual(second.weights(), randomWeights(SHAPE));
    });

    test('a thousand engines can be opened and closed', () => {
      for (let i = 0; i < 1000; i++) open().close();
    });
  });
}

test('memory is reserved for serving at the start, for training at the first step, and never again', () => {
  let reserved = 0;
  const counting = (): Ops => {
    const ops = referenceOps();
    const { alloc } = ops;
    ops.alloc = (count) => {
      reserved += count;
      return alloc(count);
    };
    return ops;
  };
  const engine = networkFactory('counting', counting)(SHAPE, randomWeights(SHAPE), {
    name: 'nadam',
    learningRate: 0.1,
  });
  const { rows, targets, index } = randomBatch(SHAPE, 1000);
  const reservedBy = (action: () => void) => {
    reserved = 0;
    action();
    return reserved;
  };
  assert.equal(
    reservedBy(() => engine.forward(rows, 1000)),
    0,
  );
  assert.ok(reservedBy(() => engine.step(rows, targets, index, 0, 10)) > 3 * engine.weights().length);
  assert.equal(
    reservedBy(() => engine.step(rows, targets, index, 0, 1000)),
    0,
  );
});

test('a network in memory that another has used has the same bits, and two that are open share none', () => {
  const train = (create: ReturnType<typeof loadKernel>) => {
    const engine = create(SHAPE, randomWeights(SHAPE), { name: 'nadam', learningRate: 0.01 });
    const { rows, targets, index } = randomBatch(SHAPE, 100);
    for (let step = 0; step < 5; step++) engine.step(rows, targets, index, 0, 77);
    return engine;
  };
  const fresh = train(loadKernel()).weights();
  const create = loadKernel();
  // Larger, so that all of its memory has been used.
  const large: Shape = { ...SHAPE, inputs: 40, hidden: [90, 90] };
  const { rows, targets, index } = randomBatch(large, 100);
  const before = create(large, randomWeights(large), { name: 'nadam', learningRate: 0.01 });
  before.step(rows, targets, index, 0, 100);
  before.close();
  before.close();
  const [first, second] = [train(create), train(create)];
  assert.deepEqual(first.weights(), fresh);
  assert.deepEqual(second.weights(), fresh);
  second.setWeights(new Float32Array(fresh.length));
  assert.deepEqual(first.weights(), fresh);
});

test('the memory of a closed network is that of the next', () => {
  const createOps = loadWasmOps('relaxed') ?? loadWasmOps('simd')!;
  const all: Ops[] = [];
  const create = networkFactory('kernel', () => {
    const ops = createOps();
    all.push(ops);
    return ops;
  });
  for (let i = 0; i < 3; i++) create(SHAPE, randomWeights(SHAPE)).close();
  assert.equal(new Set(all).size, 1);
});

test('the kernel is named kernel', () => {
  assert.equal(loadKernel()(SHAPE, randomWeights(SHAPE)).name, 'kernel');
});

function copyPass(engine: Engine, rows: Float32Array, count: number) {
  const { outputs, reconstructions, errors } = engine.forward(rows, count);
  return { outputs: outputs.slice(), reconstructions: reconstructions.slice(), errors: errors.slice() };
}

/**
 * Measures the growth of the heap, and of buffers outside it, per call and without a collection in between. Returns the round with
 * the smallest growth of the heap; stops at the first below `bound`, because V8 allocates numbers until it has optimised the code.
 */
function bytesPerCall(call: () => void, bound: number): { heap: number; buffers: number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const calls = 50;
  let least = { heap: Number.POSITIVE_INFINITY, buffers: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 200 && least.heap >= bound; round++) {
    collect();
    const before = process.memoryUsage();
    for (let i = 0; i < calls; i++) call();
    const after = process.memoryUsage();
    const heap = (after.heapUsed - before.heapUsed) / calls;
    if (heap < least.heap) least = { heap, buffers: (after.external - before.external) / calls };
  }
  return least;
}

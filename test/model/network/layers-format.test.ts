import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { bytesToWeights, layersModelJson, weightsToBytes } from '../../../src/model/network/layers-format.js';
import { layerShapes, type Shape, weightCount } from '../../../src/model/network/shape.js';
import { assertClose } from '../../support/close-to.js';

const SHAPES: Shape[] = [
  { inputs: 7, outputs: 1, hidden: [30, 30, 30, 30, 30], auxiliaryWeight: 0.05 },
  { inputs: 3, outputs: 4, hidden: [5], auxiliaryWeight: 0.5 },
  { inputs: 1, outputs: 1, hidden: [1, 9], auxiliaryWeight: 0 },
  { inputs: 4, outputs: 2, hidden: [], auxiliaryWeight: 0.05 },
];

test('TensorFlow.js loads the network without a custom class, and gives the same two outputs', async (t) => {
  await tf.setBackend('cpu');
  const createEngine = await loadEngine('kernel');
  for (const shape of SHAPES) {
    // Biases are not zero, so that one in the wrong place shows.
    const weights = initialWeights(shape, 5).map((weight, i) => weight || 0.1 * Math.sin(i));
    const model = await loadOverHttp(t, shape, weights);
    assert.deepEqual(model.outputNames, ['out', 'reconstruct']);
    const count = 20;
    const rows = Float32Array.from({ length: count * shape.inputs }, (_, i) => 2 * Math.sin(3 * i));
    const [out, reconstruct] = model.predict(tf.tensor2d(rows, [count, shape.inputs])) as tf.Tensor[];
    assert.deepEqual(
      [out!.shape, reconstruct!.shape],
      [
        [count, shape.outputs],
        [count, shape.inputs],
      ],
    );
    const pass = createEngine(shape, weights).forward(rows, count);
    assertClose(pass.outputs.subarray(0, out!.size), await out!.data(), 1e-5, `outputs of ${JSON.stringify(shape)}`);
    assertClose(
      pass.reconstructions.subarray(0, reconstruct!.size),
      await reconstruct!.data(),
      1e-5,
      'reconstructions',
    );
  }
});

test('the manifest lists the weights in the order of the file, under the names that TensorFlow.js gives', () => {
  const [group, ...rest] = JSON.parse(layersModelJson(SHAPES[1]!)).weightsManifest;
  assert.deepEqual(rest, []);
  assert.deepEqual(group.paths, ['weights.bin']);
  assert.deepEqual(
    group.weights.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape]),
    [
      ['hidden_0/kernel', [3, 5]],
      ['hidden_0/bias', [5]],
      ['out/kernel', [5, 4]],
      ['out/bias', [4]],
      ['reconstruct/kernel', [5, 3]],
      ['reconstruct/bias', [3]],
    ],
  );
});

test('weights become little-endian bytes and come back bit for bit', () => {
  const weights = Float32Array.of(1, -0, 1e-45, 3.4028234663852886e38, Number.NEGATIVE_INFINITY, 0.1);
  const bytes = weightsToBytes(weights);
  assert.deepEqual(Array.from(bytes.subarray(0, 4)), [0, 0, 128, 63]);
  assert.deepEqual(bytesToWeights(bytes, 6), weights);
  // As a store may hand them out: a view that does not begin at a multiple of four.
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assert.deepEqual(bytesToWeights(shifted.subarray(1), 6), weights);
});

test('bytes of the wrong length are refused', () => {
  for (const length of [0, 3, 4, 7, 9, 12]) {
    assert.throws(() => bytesToWeights(new Uint8Array(length), 2), {
      code: 'INVALID_VERSION',
      message: `weights.bin: expected 8 bytes, got ${length}`,
    });
  }
});

test('layers follow one another without gaps, up to the number of weights', () => {
  for (const shape of SHAPES) {
    let offset = 0;
    for (const { inputs, units, kernelOffset, biasOffset } of layerShapes(shape)) {
      assert.deepEqual([kernelOffset, biasOffset], [offset, offset + inputs * units]);
      offset = biasOffset + units;
    }
    assert.equal(weightCount(shape), offset);
  }
});

/** Loads as a browser would: `model.json` first, then the file that it names. */
async function loadOverHttp(t: TestContext, shape: Shape, weights: Float32Array): Promise<LayersModel> {
  const files = new Map<string, string | Uint8Array>([
    ['/model.json', layersModelJson(shape)],
    ['/weights.bin', weightsToBytes(weights)],
  ]);
  const server = createServer(({ url }, response) => {
    const content = files.get(url ?? '');
    response.setHeader('content-type', url?.endsWith('json') ? 'application/json' : 'application/octet-stream');
    response.writeHead(content === undefined ? 404 : 200).end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return loadLayersModel(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model.json`);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { Predictor } from '../../../src/model/network/predictor.js';
import type { Shape } from '../../../src/model/network/shape.js';
import { sealCard } from '../../../src/model/versions/card.js';
import { toOnnx } from '../../../src/model/versions/onnx/onnx.js';
import { ONNX_SCHEMA } from '../../../src/model/versions/onnx/onnx-schema.js';
import type { VersionContent } from '../../../src/model/versions/version.js';
import { openOnnx } from '../../support/onnx-session.js';
import { sampleVersion } from '../../support/sample-version.js';

/** Relative to the value plus one standard deviation of its column. */
const TOLERANCE = 1e-5;

test('ONNX Runtime and the engine agree to 1e-5, whatever the shape, the scale and the number of rows', async () => {
  const createEngine = await loadEngine('kernel');
  const random = createRandom(11);
  for (let round = 0; round < 40; round++) {
    const content = randomContent(random, round);
    const { shape, card, weights } = content;
    const count = [0, 1, 2, 7][round] ?? 1 + random.below(200);
    const { mean, scale } = card.scalers.features;
    const rows = Float32Array.from({ length: count * shape.inputs }, (_, at) => {
      const j = at % shape.inputs;
      return random.uniform() < 0.02 ? Number.NaN : mean[j]! + scale[j]! * 2 * random.normal();
    });
    const predictor = new Predictor(createEngine(shape, weights), card.scalers);
    const expected = predictor.predict(rows, count);
    const { session, run } = await openOnnx(await toOnnx('m', 1, content));
    const { prediction, reconstruction, reconstruction_error } = await run(rows, count, shape.inputs);
    const where = `round ${round}, ${JSON.stringify(shape)}, ${count} rows`;
    assert.deepEqual(prediction!.dims, [count, shape.outputs], where);
    assert.deepEqual(reconstruction!.dims, [count, shape.inputs], where);
    assert.deepEqual(reconstruction_error!.dims, [count], where);
    const targets = card.scalers.targets.scale;
    assertNear(prediction!.data, expected.outputs, targets, `${where}: prediction`);
    const raw = Array.from(expected.reconstructions.subarray(0, count * shape.inputs), (value, at) => {
      return value * scale[at % shape.inputs]! + mean[at % shape.inputs]!;
    });
    assertNear(reconstruction!.data, raw, scale, `${where}: reconstruction`);
    assertNear(reconstruction_error!.data, expected.errors.subarray(0, count), [1], `${where}: reconstruction_error`);
    predictor.close();
    await session.release();
  }
});

test('the file contains names, version and the meaning of the numbers', async () => {
  const content = randomContent(createRandom(1), 5);
  const model = await toOnnx('cars', 7, {
    ...content,
    card: { ...content.card, features: ['a', 'b"c'], targets: ['ü'] },
  });
  const type = protobuf.parse(ONNX_SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');
  const decoded = type.toObject(type.decode(model), { longs: String });
  const metadata = decoded['metadata_props'] as { key: string; value: string }[];
  assert.deepEqual(Object.fromEntries(metadata.map(({ key, value }) => [key, value])), {
    model_name: 'cars',
    model_version: '7',
    feature_names: '["a","b\\"c"]',
    target_names: '["ü"]',
    created_at: content.card.created_at,
  });
  assert.deepEqual(decoded['opset_import'], [{ domain: '', version: '17' }]);
  assert.equal(decoded['model_version'], '7');
});

test('a scale that float32 cannot hold is refused', async () => {
  const content = randomContent(createRandom(1), 5);
  for (const bad of [1e-60, 0, 1e300]) {
    const features = {
      mean: content.card.scalers.features.mean,
      scale: content.card.scalers.features.scale.map(() => bad),
    };
    const card = { ...content.card, scalers: { ...content.card.scalers, features } };
    await assert.rejects(toOnnx('m', 1, { ...content, card }), { code: 'INVALID_VERSION', message: /feature_scale/ });
  }
});

/** A network with initial weights, non-zero biases, and scalers far from the identity. */
function randomContent(random: Random, round: number): VersionContent {
  const shape: Shape = {
    inputs: 1 + random.below(40),
    outputs: 1 + random.below(4),
    hidden: Array.from({ length: round % 6 }, () => 1 + random.below(60)),
    auxiliaryWeight: 0.05,
  };
  const scaler = (width: number) => ({
    mean: Array.from({ length: width }, () => random.normal() * 10 ** (random.below(8) - 2)),
    scale: Array.from({ length: width }, () => 10 ** (random.below(5) - 2) * (1 + random.uniform())),
  });
  const { card } = sampleVersion();
  const features = scaler(shape.inputs);
  // Narrow ranges: some values are within, some are bounded, and some are no measurements.
  const range = features.mean.map((mean, j): [number, number] => {
    const width = 0.0005 * features.scale[j]!;
    return [mean - width, mean + width];
  });
  const weights = initialWeights(shape, round + 1).map((weight) => weight + 0.05 * random.normal());
  return {
    shape,
    weights,
    card: sealCard({
      ...card,
      schema: 1,
      features: Array.from({ length: shape.inputs }, (_, j) => `x${j}`),
      targets: Array.from({ length: shape.outputs }, (_, j) => `y${j}`),
      scalers: { features: round % 2 ? { ...features, range } : features, targets: scaler(shape.outputs) },
      network: { hidden: [...shape.hidden], auxiliary_weight: 0.05 },
      baseline: null,
      files: {},
    }),
  };
}

function assertNear(found: ArrayLike<number>, expected: ArrayLike<number>, scale: readonly number[], where: string) {
  assert.equal(found.length, expected.length, where);
  for (let i = 0; i < expected.length; i++) {
    const allowed = TOLERANCE * (Math.abs(expected[i]!) + scale[i % scale.length]!);
    const difference = Math.abs(found[i]! - expected[i]!);
    assert.ok(difference <= allowed, `${where}[${i}]: ${found[i]} is not within ${allowed} of ${expected[i]}`);
  }
}

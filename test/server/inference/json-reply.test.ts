import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predictReply } from '../../../src/server/inference/json-reply.js';
import type { Observation } from '../../../src/server/service/prediction/prediction-service.js';

test('the reply has a row of outputs and an error for each row, and the version as text', () => {
  const observation = {
    rows: new Float32Array(6),
    count: 3,
    prediction: { outputs: Float32Array.of(1.5, -2, 0.1, 4, 5, 1e-7), errors: Float32Array.of(0, 0.25, 3e12, 9) },
    serving: { version: 12 },
  } as unknown as Observation;
  const { predictions, reconstruction_error, ...rest } = JSON.parse(Array.from(predictReply(observation)).join(''));
  assert.deepEqual(predictions.flat().map(Math.fround), Array.from(observation.prediction.outputs));
  assert.deepEqual(
    predictions.map((row: number[]) => row.length),
    [2, 2, 2],
  );
  assert.deepEqual(reconstruction_error.map(Math.fround), [0, 0.25, Math.fround(3e12)]);
  assert.deepEqual(rest, { model_version: '12' });
});

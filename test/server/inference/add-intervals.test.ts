import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeSlice } from '../../../src/base/node/time-slice.js';
import { readIntervals } from '../../../src/model/intervals/read-intervals.js';
import { addIntervals, addIntervalsInSlices } from '../../../src/server/inference/add-intervals.js';
import type { Observation } from '../../../src/server/service/prediction/prediction-service.js';

test('the bounds of many rows are computed in parts, between which the event loop may turn', async () => {
  const [count, width] = [100_000, 2];
  const difficulty = { knots: [-1, 0, 1, 2, 3], coefficients: [0.1, 0, 0.2, 0, 0, 0, 0.3, 0], range: [-5, 5] };
  const file = { schema: 1, rows: 3, targets: Array(width).fill({ difficulty, scores: [1, 2, 3] }) };
  const scalers = { features: { mean: [0], scale: [1] }, targets: { mean: [0, 1], scale: [1, 2] } };
  const observation = {
    count,
    prediction: {
      outputs: Float32Array.from({ length: count * width }, (_, i) => Math.sin(i)),
      errors: Float32Array.from({ length: count }, (_, i) => 1 + Math.cos(i)),
    },
    serving: { version: 1, card: { targets: ['y', 'z'] }, intervals: readIntervals(JSON.stringify(file), scalers) },
  } as unknown as Observation;
  const slice = new TimeSlice();
  let checks = 0;
  slice.yieldIfOver = async () => void checks++;
  const inSlices = await addIntervalsInSlices(observation, 0.7, slice);
  assert.ok(checks >= 48, `${checks}`);
  assert.deepEqual(inSlices, addIntervals(observation, 0.7));
});

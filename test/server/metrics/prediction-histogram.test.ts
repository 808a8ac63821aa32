import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Metric, Registry } from 'prom-client';
import { PredictionHistogram } from '../../../src/server/metrics/prediction-histogram.js';

test('durations of predictions are a histogram without labels', async () => {
  const registry = new Registry();
  const durations = new PredictionHistogram();
  registry.registerMetric(durations as unknown as Metric);
  for (const seconds of [0.0001, 0.00015, 20]) durations.observe(seconds);
  const text = await registry.metrics();
  assert.match(text, /^# TYPE model_prediction_duration_seconds histogram$/m);
  assert.match(text, /^model_prediction_duration_seconds_bucket\{le="0.0001"\} 1$/m);
  assert.match(text, /^model_prediction_duration_seconds_bucket\{le="0.0002"\} 2$/m);
  assert.match(text, /^model_prediction_duration_seconds_bucket\{le="10"\} 2$/m);
  assert.match(text, /^model_prediction_duration_seconds_bucket\{le="\+Inf"\} 3$/m);
  assert.match(text, /^model_prediction_duration_seconds_sum 20.00025$/m);
  assert.match(text, /^model_prediction_duration_seconds_count 3$/m);
});

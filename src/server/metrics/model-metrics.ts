import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client';
import type { Observation, PredictionService } from '../service/prediction/prediction-service.js';
import type { Job } from '../service/training/job.js';
import { BucketHistogram } from './bucket-histogram.js';
import { registerUnknownLevels } from './unknown-levels.js';

/** Upper bounds of a row's reconstruction error, 1-2-5 from 1e-4 to 1e3. */
const ERROR_BUCKETS: readonly number[] = [
  1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000,
];

/**
 * Registers the model's metrics. Returns functions that count a prediction request and a finished training job. Warm-up and probe
 * passes are not observed.
 */
export function registerModelMetrics(registry: Registry, service: PredictionService) {
  const registers = [registry];
  const loss = new Gauge({
    name: 'model_reconstruction_loss',
    help: 'Auxiliary loss of the latest forward pass: auxiliary weight times mean squared reconstruction error',
    registers,
  });
  // No sample until the first pass: 0 would mean a perfect reconstruction.
  loss.remove();
  const passRows = new Gauge({ name: 'model_forward_pass_rows', help: 'Rows of the latest forward pass', registers });
  const rowErrors = new BucketHistogram(
    'model_row_reconstruction_error',
    'Mean squared reconstruction error of each row, in standardised units, not weighted',
    ERROR_BUCKETS,
  );
  registry.registerMetric(rowErrors as unknown as Metric);
  const predictions = new Counter({
    name: 'model_predictions_total',
    help: 'Prediction requests answered',
    registers,
  });
  const rows = new Counter({ name: 'model_predicted_rows_total', help: 'Rows predicted', registers });
  const countUnknownLevels = registerUnknownLevels(registry, service);
  const jobs = new Counter({
    name: 'model_training_jobs_total',
    help: 'Finished training jobs, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['succeeded', 'failed', 'cancelled']) jobs.inc({ outcome }, 0);
  const gates = new Counter({
    name: 'model_gate_decisions_total',
    help: 'Versions that trainings produced, by decision of the gate',
    labelNames: ['decision'],
    registers,
  });
  for (const decision of ['promoted', 'refused', 'not_asked']) gates.inc({ decision }, 0);
  const jobSeconds = new Histogram({
    name: 'model_training_duration_seconds',
    help: 'Duration of finished training jobs, whatever their outcome',
    buckets: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers,
  });
  new Counter({
    name: 'model_observer_errors_total',
    help: 'Errors of metrics or drift monitoring while they observed a prediction; the reply was sent all the same',
    registers,
    collect() {
      this.reset();
      this.inc(service.observerErrors);
    },
  });
  new Gauge({
    name: 'model_version',
    help: 'Number of the serving version; 0 if none serves',
    registers,
    collect() {
      this.set(service.servingIfReady?.version ?? 0);
    },
  });
  new Gauge({
    name: 'model_age_seconds',
    help: 'Time since the serving version was trained',
    registers,
    collect() {
      const serving = service.servingIfReady;
      this.remove();
      // The clock may have been set back since.
      if (serving) this.set(Math.max(0, Date.now() - Date.parse(serving.card.created_at)) / 1000);
    },
  });
  new Gauge({
    name: 'model_worse_than_ridge',
    help: '1 if the serving version predicts its held-out rows worse than ridge regression, beyond chance; none if it was not compared',
    registers,
    collect() {
      this.remove();
      const baselines = service.servingIfReady?.card.gate?.baselines;
      if (baselines && baselines.ridge !== null) this.set(Number(baselines.worse_than_ridge));
    },
  });

  return {
    observe(observation: Observation): void {
      const { count, prediction, serving } = observation;
      const { errors } = prediction;
      let sum = 0;
      for (let i = 0; i < count; i++) {
        sum += errors[i]!;
        rowErrors.observe(errors[i]!);
      }
      loss.set((serving.card.network.auxiliary_weight * sum) / count);
      passRows.set(count);
      predictions.inc();
      rows.inc(count);
      countUnknownLevels(observation);
    },

    observeJob({ state, gate, seconds }: Job): void {
      jobs.inc({ outcome: state });
      if (gate) gates.inc({ decision: gate.decision });
      jobSeconds.observe(seconds);
    },
  };
}

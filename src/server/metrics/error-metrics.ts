import { Counter, Gauge, type Registry } from 'prom-client';
import { expectErrors } from '../../drift/feedback/expected-errors.js';
import type { DriftService } from '../service/drift/drift-service.js';
import type { PredictionService } from '../service/prediction/prediction-service.js';

const HELD_OUT = [
  ['rmse', 'Root mean squared error'],
  ['mae', 'Mean absolute error'],
  ['bias', 'Mean of prediction - target'],
] as const;
const EXPECTED = [
  ['rmse', 'Root mean squared error'],
  ['mae', 'Mean absolute error'],
] as const;
const BOUNDS = [
  ['', 'estimate', ''],
  ['_low', 'low', ': lower end of a 95 % interval'],
  ['_high', 'high', ': upper end of a 95 % interval'],
] as const;

/**
 * Registers the errors that the live ones (`model_feedback_rmse`, and so on) are compared with: on the held-out rows of the
 * training, expected of the traffic without labels, and the tests of labelled rows.
 */
export function registerErrorMetrics(registry: Registry, service: PredictionService, drift: DriftService): void {
  const registers = [registry];
  for (const [name, help] of HELD_OUT) {
    new Gauge({
      name: `model_held_out_${name}`,
      help: `${help} of the serving version on the held-out rows of its training, in units of the target`,
      labelNames: ['target'],
      registers,
      collect() {
        this.reset();
        const targets = Object.entries(service.servingIfReady?.card.metrics.targets ?? {});
        for (const [target, { [name]: value }] of targets) if (value !== undefined) this.set({ target }, value);
      },
    });
  }
  for (const [name, help] of EXPECTED) {
    for (const [suffix, bound, what] of BOUNDS) {
      new Gauge({
        name: `model_expected_${name}${suffix}`,
        help: `${help} that the latest window of traffic is expected to have, without labels${what}; no sample if it is unknown`,
        labelNames: ['target'],
        registers,
        collect() {
          this.reset();
          if (!drift.monitored) return;
          const { baseline, monitor } = drift.monitored;
          const targets = Object.entries(expectErrors(baseline, monitor.latestWindow).targets ?? {});
          for (const [target, errors] of targets) this.set({ target }, errors[name][bound]);
        },
      });
    }
  }
  new Counter({
    name: 'model_feedback_compared_rows_total',
    help: 'Labelled rows whose errors were compared with those of held-out rows',
    registers,
    collect() {
      this.reset();
      this.inc(drift.monitored?.errors?.counters.rows ?? 0);
    },
  });
  new Counter({
    name: 'model_feedback_repeated_rows_total',
    help: 'Labelled rows that were not compared, because the same rows had come before',
    registers,
    collect() {
      this.reset();
      this.inc(drift.monitored?.errors?.counters.repeated ?? 0);
    },
  });
  const scores = (name: string, help: string, value: (score: { logP: number; level: number }) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['target', 'test', 'window_rows'],
      registers,
      collect() {
        this.reset();
        for (const { target, test, size, ...score } of evidence(drift)) {
          this.set({ target, test, window_rows: String(size) }, -value(score) / Math.LN10);
        }
      },
    });
  scores(
    'model_prediction_error_score',
    'Evidence that the errors on labelled rows differ from those on held-out rows: -log10 p of the latest window',
    ({ logP }) => logP,
  );
  scores(
    'model_prediction_error_threshold',
    'The value of model_prediction_error_score above which the alarm of prediction errors is raised',
    ({ level }) => level,
  );
  const coverageScores = (name: string, help: string, value: (score: { logP: number; limit: number }) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['target', 'level', 'window_rows'],
      registers,
      collect() {
        this.reset();
        for (const { target, level, size, ...score } of coverageEvidence(drift)) {
          this.set({ target, level: String(level), window_rows: String(size) }, -value(score) / Math.LN10);
        }
      },
    });
  coverageScores(
    'model_interval_coverage_score',
    'Evidence that prediction intervals cover fewer true values of labelled rows than their level says: -log10 p of the latest window',
    ({ logP }) => logP,
  );
  coverageScores(
    'model_interval_coverage_threshold',
    'The value of model_interval_coverage_score above which the alarm of the coverage is raised',
    ({ limit }) => limit,
  );
}

function* coverageEvidence({ monitored }: DriftService) {
  for (const { size, threshold, tested } of monitored?.coverage?.windows ?? []) {
    const limit = Math.log(threshold / (tested?.evidence.length ?? 1));
    for (const { target, level, logP } of tested?.evidence ?? []) {
      yield { target: monitored!.card.targets[target]!, level, size, logP, limit };
    }
  }
}

function* evidence({ monitored }: DriftService) {
  for (const { size, threshold, tested } of monitored?.errors?.windows ?? []) {
    const level = Math.log(threshold / (tested?.evidence.length ?? 1));
    for (const { target, test, logP } of tested?.evidence ?? []) {
      yield { target: monitored!.card.targets[target]!, test, size, logP, level };
    }
  }
}

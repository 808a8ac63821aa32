import { Counter, Gauge, type Registry } from 'prom-client';
import type { FeedbackService } from '../service/feedback/feedback-service.js';
import { WINDOW_ROWS } from '../service/feedback/live-errors.js';

const ERRORS = [
  ['rmse', 'Root mean squared error'],
  ['mae', 'Mean absolute error'],
  ['bias', 'Mean of prediction - target'],
] as const;

/** Metrics of the serving model's errors on labelled rows. There are none until a row is labelled. */
export function registerFeedbackMetrics(registry: Registry, feedback: FeedbackService): void {
  const registers = [registry];
  new Counter({
    name: 'model_feedback_rows_total',
    help: 'Labelled rows that were stored',
    registers,
    collect() {
      this.reset();
      this.inc(feedback.rows);
    },
  });
  new Counter({
    name: 'model_feedback_failures_total',
    help: 'Times that labelled rows or predictions could not be stored or read',
    registers,
    collect() {
      this.reset();
      this.inc(feedback.failures);
    },
  });
  new Gauge({
    name: 'model_feedback_kept_rows',
    help: 'Stored labelled rows with the columns of the serving version',
    registers,
    collect() {
      this.set(feedback.latest?.kept_rows ?? 0);
    },
  });
  new Gauge({
    name: 'model_feedback_evaluated_rows',
    help: `Labelled rows that the serving version is evaluated on: the latest that it has predicted, at most ${WINDOW_ROWS}`,
    registers,
    collect() {
      this.set(feedback.latest?.evaluated_rows ?? 0);
    },
  });
  new Gauge({
    name: 'model_interval_coverage_rows',
    help: `Labelled rows that model_interval_coverage is of: the latest that the serving version has predicted, at most ${WINDOW_ROWS}`,
    registers,
    collect() {
      this.remove();
      const coverage = feedback.latest?.coverage;
      if (coverage) this.set(coverage.rows);
    },
  });
  new Gauge({
    name: 'model_interval_coverage',
    help: 'Share of true values that lie in the prediction intervals of a level, over model_interval_coverage_rows; no sample for a version without intervals',
    labelNames: ['target', 'level'],
    registers,
    collect() {
      this.reset();
      for (const [target, levels] of Object.entries(feedback.latest?.coverage?.targets ?? {})) {
        for (const [level, share] of Object.entries(levels)) this.set({ target, level }, share);
      }
    },
  });
  for (const [name, help] of ERRORS) {
    new Gauge({
      name: `model_feedback_${name}`,
      help: `${help} over model_feedback_evaluated_rows, in units of the target`,
      labelNames: ['target'],
      registers,
      collect() {
        this.reset();
        for (const [target, errors] of Object.entries(feedback.latest?.targets ?? {}))
          this.set({ target }, errors[name]);
      },
    });
  }
}

import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';
import { BucketCounts, histogram } from './bucket-histogram.js';
import { DURATION_BUCKETS } from './request-histogram.js';

/**
 * The Prometheus histogram of the durations of prediction requests, whatever their route and protocol. Its `get` makes it a metric
 * of prom-client's registry.
 */
export class PredictionHistogram {
  readonly name = 'model_prediction_duration_seconds';
  private readonly counts = new BucketCounts(DURATION_BUCKETS);

  observe(seconds: number): void {
    this.counts.add(seconds);
  }

  /** Returns the samples of a scrape. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const help = 'Time from a prediction request to its answer, by whichever protocol, whatever its status';
    return histogram(this.name, help, this.counts.samples(this.name));
  }
}

import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';
import { BucketCounts, histogram } from './bucket-histogram.js';

/** Upper bounds 1-2-5 from 1e-4 to 1e3. */
export const ERROR_BUCKETS: readonly number[] = [
  1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000,
];

/** A Prometheus histogram that observes a whole batch of values at once. Its `get` makes it a metric of prom-client's registry. */
export class RowHistogram {
  readonly name: string;
  private readonly help: string;
  private readonly counts: BucketCounts;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.counts = new BucketCounts(bounds);
  }

  /** Counts the first `count` of `values`. */
  observe(values: Float32Array, count: number): void {
    for (let i = 0; i < count; i++) this.counts.add(values[i]!);
  }

  /** The histogram for a scrape, called by prom-client's registry. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return histogram(this.name, this.help, this.counts.samples(this.name));
  }
}

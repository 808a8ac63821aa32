import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';

/** Upper bounds 1-2-5 from 1e-4 to 1e3. */
export const ERROR_BUCKETS: readonly number[] = [
  1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000,
];

/**
 * A Prometheus histogram that takes a whole batch of values. prom-client's own takes 0.5 µs a value, as much as the
 * forward pass of a row; this one a hundredth of it, and fits into prom-client's registry by its `get`.
 */
export class RowHistogram {
  readonly name: string;
  private readonly help: string;
  private readonly bounds: Float64Array;
  private readonly counts: Float64Array;
  private sum = 0;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts the first `count` of `values`. */
  observe(values: Float32Array, count: number): void {
    const { bounds, counts } = this;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      let low = 0;
      let high = bounds.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (value <= bounds[middle]!) high = middle;
        else low = middle + 1;
      }
      counts[low]!++;
      this.sum += value;
    }
  }

  /** What prom-client asks each metric of a registry for at a scrape. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const values: MetricValueWithName<string>[] = [];
    let total = 0;
    this.counts.forEach((count, i) => {
      total += count;
      values.push({ metricName: `${this.name}_bucket`, labels: { le: this.bounds[i] ?? '+Inf' }, value: total });
    });
    values.push({ metricName: `${this.name}_sum`, labels: {}, value: this.sum });
    values.push({ metricName: `${this.name}_count`, labels: {}, value: total });
    return { name: this.name, help: this.help, type: 'histogram' as never, values, aggregator: 'sum', collect() {} };
  }
}

import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';
import { BucketCounts } from './bucket-histogram.js';
import { histogram } from './histogram-samples.js';

/** Upper bounds in seconds, 1-2-5 from 100 µs to 10 s. */
export const DURATION_BUCKETS: readonly number[] = [
  0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
];

/** What requests are told apart by; `route` is a pattern and never a URL, whose variety has no bounds. */
interface RequestLabels {
  readonly method: string;
  readonly route: string;
  readonly status: string;
}

/** The Prometheus histogram of request durations, which fits into prom-client's registry by its `get`. */
export class RequestHistogram {
  readonly name = 'http_request_duration_seconds';
  private readonly all = new Map<string, { labels: RequestLabels; counts: BucketCounts }>();

  observe(method: string, route: string, status: number, seconds: number): void {
    this.series(method, route, status).add(seconds);
  }

  /** Where the durations of such requests are counted. */
  series(method: string, route: string, status: number): BucketCounts {
    const key = `${status} ${method} ${route}`;
    let series = this.all.get(key);
    if (!series) {
      series = { labels: { method, route, status: String(status) }, counts: new BucketCounts(DURATION_BUCKETS) };
      this.all.set(key, series);
    }
    return series.counts;
  }

  /** What prom-client asks each metric of a registry for at a scrape. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const samples = Array.from(this.all.values(), ({ labels, counts }) => counts.samples(this.name, { ...labels }));
    return histogram(this.name, 'Time from a request to its answer, by route pattern and status', samples.flat());
  }
}

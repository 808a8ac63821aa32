import { BucketCounts, histogram } from './bucket-histogram.js';

/** Upper bounds in seconds, 1-2-5 from 100 µs to 10 s. */
export const DURATION_BUCKETS: readonly number[] = [
  0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
];

/** The labels of a request. `route` is the route's pattern and never the URL: there is no bound on the number of URLs. */
interface RequestLabels {
  readonly method: string;
  readonly route: string;
  readonly status: string;
}

/** The Prometheus histogram of request durations. Its `get` makes it a metric of prom-client's registry. */
export class RequestHistogram {
  readonly name = 'http_request_duration_seconds';
  private readonly all = new Map<string, { labels: RequestLabels; counts: BucketCounts }>();

  observe(method: string, route: string, status: number, seconds: number): void {
    this.series(method, route, status).observe(seconds);
  }

  /** The counts for requests with these labels. */
  series(method: string, route: string, status: number): BucketCounts {
    const key = `${status} ${method} ${route}`;
    let series = this.all.get(key);
    if (!series) {
      series = { labels: { method, route, status: String(status) }, counts: new BucketCounts(DURATION_BUCKETS) };
      this.all.set(key, series);
    }
    return series.counts;
  }

  /** The histogram for a scrape, called by prom-client's registry. */
  async get() {
    const samples = Array.from(this.all.values(), ({ labels, counts }) => counts.samples(this.name, { ...labels }));
    return histogram(this.name, 'Time from a request to its reply, by route pattern and status', samples.flat());
  }
}

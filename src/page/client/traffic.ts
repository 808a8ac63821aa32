/** Predictions of the last minute, over all protocols. */
export interface Traffic {
  readonly requestsPerSecond: number;
  readonly rowsPerSecond: number;
  /** Seconds; null without requests. */
  readonly median: number | null;
  readonly p99: number | null;
  /** Share of all requests, on any route, with a status of 500 or above. */
  readonly failed: number;
}

/** Counters at the time of a scrape. */
type Sample = ReturnType<typeof read>;

/** Time over which rates are computed, in milliseconds. */
const SPAN = 60_000;

/** Computes rates and quantiles of the last minute from the counters of `GET /metrics`. */
export class TrafficMeter {
  private samples: Sample[] = [];

  /** Adds a scrape. Returns null for the first one, and for the first after a restart of the service. */
  add(text: string, at: number): Traffic | null {
    const sample = read(text, at);
    const last = this.samples.at(-1);
    // Counters that decreased belong to a new process.
    if (last && (sample.all < last.all || sample.rows < last.rows)) this.samples = [];
    this.samples.push(sample);
    while (this.samples.length > 2 && this.samples[1]!.at < at - SPAN) this.samples.shift();
    const first = this.samples[0]!;
    if (first === sample) return null;
    const span = (at - first.at) / 1000;
    const requests = sample.requests - first.requests;
    return {
      requestsPerSecond: requests / span,
      rowsPerSecond: (sample.rows - first.rows) / span,
      median: quantile(first, sample, 0.5),
      p99: quantile(first, sample, 0.99),
      failed: sample.all > first.all ? (sample.failed - first.failed) / (sample.all - first.all) : 0,
    };
  }
}

function read(text: string, at: number) {
  const buckets = text.matchAll(/^model_prediction_duration_seconds_bucket.*?le="([^"]+)".* (.+)$/gm);
  return {
    at,
    rows: total(text, /^model_predicted_rows_total (.+)$/gm),
    requests: total(text, /^model_predictions_total (.+)$/gm),
    all: total(text, /^http_request_duration_seconds_count.* (.+)$/gm),
    failed: total(text, /^http_request_duration_seconds_count.*status="5.* (.+)$/gm),
    /** Cumulative counts by upper bound, in seconds. */
    buckets: new Map(Array.from(buckets, ([, le, count]) => [Number(le!.replace('+Inf', 'Infinity')), Number(count)])),
  };
}

/** Adds up the values that the pattern captures. */
function total(text: string, pattern: RegExp): number {
  return Array.from(text.matchAll(pattern)).reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Interpolates linearly within a bucket, like `histogram_quantile` of Prometheus. */
function quantile(first: Sample, last: Sample, share: number): number | null {
  const bounds = Array.from(last.buckets.keys()).sort((a, b) => a - b);
  const counts = bounds.map((bound) => last.buckets.get(bound)! - (first.buckets.get(bound) ?? 0));
  const all = counts.at(-1) ?? 0;
  if (all <= 0) return null;
  const at = counts.findIndex((count) => count >= share * all);
  const low = at > 0 ? bounds[at - 1]! : 0;
  if (bounds[at] === Number.POSITIVE_INFINITY) return low;
  const below = at > 0 ? counts[at - 1]! : 0;
  return low + ((share * all - below) / (counts[at]! - below)) * (bounds[at]! - low);
}

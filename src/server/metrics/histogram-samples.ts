import type { MetricObjectWithValues, MetricValueWithName } from 'prom-client';

/**
 * The samples of one Prometheus histogram at a scrape: `counts` per bucket, not cumulative, by the upper bounds `bounds`,
 * ascending, and one more for what is above the last, if anything can be.
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

/** What prom-client's registry asks a metric for, of a histogram that is not prom-client's own. */
export function histogram(
  name: string,
  help: string,
  values: MetricValueWithName<string>[],
): MetricObjectWithValues<MetricValueWithName<string>> {
  return { name, help, type: 'histogram' as never, values, aggregator: 'sum', collect() {} };
}

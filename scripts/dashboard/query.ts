import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** The Prometheus selected at the top of the dashboard. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana interpolates the variable
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A line per series of `expression` over the time range of the dashboard. An example of `legend` is `{{feature}}`. */
export function range(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expression).legendFormat(legend).range();
}

/** The values of `expression` at the end of the time range of the dashboard. */
export function latest(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expression).legendFormat(legend).instant();
}

/** The same as a table with a column per label. */
export function table(expression: string): DataqueryBuilder {
  return latest(expression, '').format(PromQueryFormat.Table);
}

/** Buckets of a histogram, over time. */
export function buckets(expression: string): DataqueryBuilder {
  return range(expression, '{{le}}').format(PromQueryFormat.Heatmap);
}

/** Evidence of drift as a share of the alarm threshold, maximum over the replicas. */
export function evidence(by: string, channel = ''): string {
  const labels = `{job="$job"${channel && `, channel=${channel}`}}`;
  return `max by (${by}) (clamp_min(model_drift_score${labels}, 0) / model_drift_threshold${labels})`;
}

/**
 * Shares of the rows in the last `$window` by quantile bin of the baseline. An example of `feature` is `feature="weight"`. Bin
 * numbers have two digits, so that they sort as text.
 */
export function liveShares(feature: string): string {
  const rows = `increase(model_feature_rows_total{job="$job", ${feature}, bin!~"below|above|missing"}[$window])`;
  const shares = `sum by (feature, bin) (${rows}) / on (feature) group_left () (sum by (feature) (${rows}) > 0)`;
  return twoDigits(shares);
}

/** Shares of the baseline by the same bins. */
export function referenceShares(feature: string): string {
  return twoDigits(`avg by (feature, bin) (model_feature_reference_ratio{job="$job", ${feature}})`);
}

function twoDigits(expression: string): string {
  return `label_replace(${expression}, "bin", "0$1", "bin", "(.)")`;
}

import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** The Prometheus that is chosen at the top of the dashboard. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts the variable in
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A line for each series of `expression`, over the time that the dashboard shows; `legend` as in `{{feature}}`. */
export function range(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expression).legendFormat(legend).range();
}

/** The values of `expression` at the end of the time that the dashboard shows. */
export function latest(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expression).legendFormat(legend).instant();
}

/** The same as rows of a table, one column a label. */
export function table(expression: string): DataqueryBuilder {
  return latest(expression, '').format(PromQueryFormat.Table);
}

/** Buckets of a histogram, over time. */
export function buckets(expression: string): DataqueryBuilder {
  return range(expression, '{{le}}').format(PromQueryFormat.Heatmap);
}

/** Evidence of drift as a share of what raises an alarm: 1 is the threshold. Of several replicas the highest. */
export function evidence(by: string, channel = ''): string {
  const selected = `{job="$job"${channel && `, channel=${channel}`}}`;
  return `max by (${by}) (clamp_min(model_drift_score${selected}, 0) / model_drift_threshold${selected})`;
}

/**
 * Rows of the last `$window` by quantile bin of the baseline, as shares; `feature` as in `feature="weight"`. Bins are
 * numbered with two digits, so that they sort as text.
 */
export function liveShares(feature: string): string {
  const rows = `increase(model_feature_rows_total{job="$job", ${feature}, bin!~"below|above|missing"}[$window])`;
  const shares = `sum by (feature, bin) (${rows}) / on (feature) group_left () (sum by (feature) (${rows}) > 0)`;
  return twoDigits(shares);
}

/** The baseline's shares of the same bins. */
export function referenceShares(feature: string): string {
  return twoDigits(`avg by (feature, bin) (model_feature_reference_ratio{job="$job", ${feature}})`);
}

function twoDigits(expression: string): string {
  return `label_replace(${expression}, "bin", "0$1", "bin", "(.)")`;
}

/** Metrics by what they concern, by the beginnings of their names; the first that fits counts. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'Drift of the inputs': [
    'model_feature_',
    'model_drift_',
    'model_baseline_',
    'model_implausible_',
    'model_repeated_',
    'model_row_conformal_',
  ],
  'Errors of the predictions': [
    'model_feedback_',
    'model_held_out_',
    'model_expected_',
    'model_prediction_error_',
    'model_interval_',
  ],
  'The model': ['model_'],
  Requests: ['http_', 'request_', 'requests_'],
  'Access and audit': ['auth_', 'api_key', 'tls_', 'page_', 'oidc_', 'audit_'],
  Log: ['log_'],
};

/** Metrics of prom-client itself, which depend on the platform. */
const DEFAULTS = /^(?:process|nodejs)_/;

/** Labels of metrics that have no sample until something is refused, unknown or configured. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  api_keys: ['state'],
  http_requests_limited_total: ['limit', 'client'],
  model_unknown_levels_total: ['feature'],
  oidc_jwks_age_seconds: ['issuer'],
  oidc_jwks_failures_total: ['issuer'],
};
/** Metrics of the latest full window of traffic, by target. */
const EXPECTED = /^model_expected_/;

/** Returns tables of all metrics in a text for Prometheus, with their types and the labels of their samples. */
export function metricsTables(text: string): string {
  const metrics = Array.from(text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \w+ (\w+)/gm), ([, name, help, type]) => ({
    name: name!,
    type: type!,
    help: help!.replaceAll('\\\\', '\\'),
    labels: LABELS[name!] ?? (EXPECTED.test(name!) ? ['target'] : labelsOf(text, name!)),
    group: Object.keys(GROUPS).find((group) => GROUPS[group]!.some((start) => name!.startsWith(start))),
  }));
  const homeless = metrics.filter(({ name, group }) => !group && !DEFAULTS.test(name)).map(({ name }) => name);
  if (homeless.length > 0) throw new Error(`scripts/docs/metrics-page.ts has no group for ${homeless}`);
  return Object.keys(GROUPS)
    .map((title) => {
      const rows = metrics
        .filter(({ group }) => group === title)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, type, labels, help }) => {
          const names = labels.map((label) => `\`${label}\``).join(', ');
          return `| \`${name}\` | ${type} | ${names} | ${help.replaceAll('|', '\\|')} |\n`;
        });
      return `## ${title}\n\n| metric | type | labels | |\n| --- | --- | --- | --- |\n${rows.join('')}`;
    })
    .join('\n');
}

/** The labels of a metric's samples, without those of the format itself: `le` and `quantile`. */
function labelsOf(text: string, name: string): string[] {
  const samples = text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'));
  const names = Array.from(samples, ([, labels]) => Array.from(labels!.matchAll(/(\w+)="/g), ([, label]) => label!));
  return Array.from(new Set(names.flat())).filter((label) => label !== 'le' && label !== 'quantile');
}

import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

const QUANTILES = [0.5, 0.9, 0.99];
const REQUESTS = 'http_request_duration_seconds';
const PREDICTIONS = 'model_prediction_duration_seconds';

/** Traffic, latency and resources of the service. */
export const traffic: Section = {
  title: 'Traffic and latency',
  panels: [
    lines({
      title: 'Rows and requests predicted',
      description: 'Per second, all replicas.',
      unit: 'none',
      width: 8,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum(rate(model_predicted_rows_total{job="$job"}[$__rate_interval]))', 'rows'))
      .withTarget(range('sum(rate(model_predictions_total{job="$job"}[$__rate_interval]))', 'requests')),
    QUANTILES.reduce(
      (panel, q) =>
        panel.withTarget(
          range(
            `histogram_quantile(${q}, sum by (le) (rate(${PREDICTIONS}_bucket{job="$job"}[$__rate_interval])))`,
            `${100 * q} % answered within`,
          ),
        ),
      lines({
        title: 'Time to answer a prediction',
        description: 'Time from a request to its reply within the service, over all protocols and numbers of rows.',
        unit: 's',
        width: 8,
        height: 8,
      }).min(0),
    ),
    lines({
      title: 'Requests by route and status',
      description:
        'Per second, all replicas, without scrapes and health checks. 4xx are errors of clients, 5xx errors of the service.',
      unit: 'reqps',
      width: 8,
      height: 8,
    })
      .min(0)
      .withTarget(
        range(
          `sum by (route, status) (rate(${REQUESTS}_count{job="$job", route!~"/metrics|/livez|/readyz"}[$__rate_interval]))`,
          '{{route}} {{status}}',
        ),
      ),
    lines({
      title: 'CPU',
      description: 'CPU seconds per second, by replica. Trainings run in a separate process and are not included.',
      unit: 'percentunit',
      width: 6,
      height: 7,
    })
      .min(0)
      .withTarget(range('rate(process_cpu_seconds_total{job="$job"}[$__rate_interval])', '{{instance}}')),
    lines({
      title: 'Memory',
      description: 'Resident memory by replica.',
      unit: 'bytes',
      width: 6,
      height: 7,
    })
      .min(0)
      .withTarget(range('process_resident_memory_bytes{job="$job"}', '{{instance}}')),
    lines({
      title: 'Event loop',
      description: '99th percentile of the event loop delay: how long a request may wait for others.',
      unit: 's',
      width: 6,
      height: 7,
    })
      .min(0)
      .withTarget(range('nodejs_eventloop_lag_p99_seconds{job="$job"}', '{{instance}}')),
    lines({
      title: 'Rows that could not be counted',
      description:
        'Errors of the drift monitor or the metrics in the last $window. Predictions are not affected; the log contains the error.',
      unit: 'none',
      width: 6,
      height: 7,
    })
      .min(0)
      .withTarget(range('increase(model_observer_errors_total{job="$job"}[$window])', '{{instance}}')),
  ],
};

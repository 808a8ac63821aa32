import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

const QUANTILES = [0.5, 0.9, 0.99];
const REQUESTS = 'http_request_duration_seconds';
const PREDICTIONS = 'model_prediction_duration_seconds';

/** The service as a service. */
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
            `${100 * q} % are answered within`,
          ),
        ),
      lines({
        title: 'Time to answer a prediction',
        description:
          'From a request to its answer in the service, by whichever protocol, whatever the number of its rows.',
        unit: 's',
        width: 8,
        height: 8,
      }).min(0),
    ),
    lines({
      title: 'Requests by route and status',
      description:
        'Per second, all replicas, but for scrapes and health checks. 4xx are callers’ errors, 5xx the service’s.',
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
      description:
        'Seconds of a core per second, by replica. A training runs in a process of its own and is not in it.',
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
      description: 'Delay of the event loop that one turn in a hundred passes: how long a request may wait for others.',
      unit: 's',
      width: 6,
      height: 7,
    })
      .min(0)
      .withTarget(range('nodejs_eventloop_lag_p99_seconds{job="$job"}', '{{instance}}')),
    lines({
      title: 'Rows that could not be counted',
      description:
        'Errors of the drift monitor or the metrics in the last $window. The predictions were answered all the same; the log has the error.',
      unit: 'none',
      width: 6,
      height: 7,
    })
      .min(0)
      .withTarget(range('increase(model_observer_errors_total{job="$job"}[$window])', '{{instance}}')),
  ],
};

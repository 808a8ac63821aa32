import { ScaleDistribution, ScaleDistributionConfigBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { heatmap, lines, ranking, thresholds } from './panel.js';
import { buckets, latest, range } from './query.js';
import type { Section } from './section.js';

const QUANTILES = [0.5, 0.9, 0.99];
const LEVELS = ['0.01', '0.05', '0.1', '0.5'];
const TENTHS = ['0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.7', '0.8', '0.9'];

const logarithmic = () => new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10);

/** Rows of the last `$window` with a p of at most `level`. */
const upTo = (level: string) => `sum(increase(model_row_conformal_p_bucket{job="$job", le="${level}"}[$window]))`;
// Not the bucket of 1: its label is "1" or "1.0", as the Prometheus has it.
const ALL = 'sum(increase(model_row_conformal_p_count{job="$job"}[$window]))';

/** How well rows are reconstructed, and how usual they are by that. */
export const reconstruction: Section = {
  title: 'Reconstruction',
  panels: [
    heatmap({
      title: 'Errors of the rows',
      description:
        'Rows by their mean squared reconstruction error, in standardised units: rows that look like the training data are low. The tail is long without any drift; what tells is a band that moves.',
      unit: 'short',
      width: 12,
      height: 9,
    })
      .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Blues').steps(64))
      .yAxis(new YAxisConfigBuilder().axisLabel('mean squared error').unit('short'))
      .withTarget(
        buckets('sum by (le) (increase(model_row_reconstruction_error_bucket{job="$job"}[$__rate_interval]))'),
      ),
    QUANTILES.reduce(
      (panel, q) =>
        panel.withTarget(
          range(
            `histogram_quantile(${q}, sum by (le) (rate(model_row_reconstruction_error_bucket{job="$job"}[$window])))`,
            `${100 * q} % of the rows are below`,
          ),
        ),
      lines({
        title: 'Error: quantiles and mean',
        description: 'Over the rows of $window. Read from buckets of the steps 1, 2, 5. A few rows make the mean.',
        unit: 'short',
        width: 12,
        height: 9,
      }).scaleDistribution(logarithmic()),
    ).withTarget(
      range(
        'sum(rate(model_row_reconstruction_error_sum{job="$job"}[$window])) / (sum(rate(model_row_reconstruction_error_count{job="$job"}[$window])) > 0)',
        'mean',
      ),
    ),
    ranking({
      title: 'How usual the rows are: should be flat',
      description:
        'Shares of the rows of $window by conformal p, in tenths. Rows like the baseline fill each tenth with 10 %, whatever the model. More in the lowest tenth: rows that do not look like it. The smaller the baseline, the less even.',
      unit: 'percentunit',
      width: 8,
      height: 9,
    })
      .max(0.3)
      .thresholds(thresholds('green', [0.15, 'orange'], [0.25, 'red']))
      .targets(
        [...TENTHS, '1'].map((to, i) => {
          const rows = i === TENTHS.length ? ALL : upTo(to);
          const within = i === 0 ? rows : `(${rows} - ${upTo(TENTHS[i - 1]!)})`;
          return latest(`${within} / (${ALL} > 0)`, `p ${TENTHS[i - 1] ?? 0} to ${to}`);
        }),
      ),
    LEVELS.reduce(
      (panel, level) => panel.withTarget(range(`${upTo(level)} / (${ALL} > 0) / ${level}`, `p at most ${level}`)),
      lines(
        {
          title: 'Unusual rows: times as many as expected',
          description:
            'Without drift, one row in a hundred has a p of at most 0.01, and so on: all lines stay about the dashed 1.',
          unit: 'none',
          width: 8,
          height: 9,
        },
        1,
      ).min(0),
    ),
    lines({
      title: 'Loss of the latest forward pass',
      description:
        'The auxiliary loss of the latest request of each replica, weighted. One request is one pass: over single requests it varies by a factor of 70 without any drift, and nothing alarms on it.',
      unit: 'short',
      width: 8,
      height: 9,
    })
      .scaleDistribution(logarithmic())
      .withTarget(range('model_reconstruction_loss{job="$job"}', '{{instance}}')),
  ],
};

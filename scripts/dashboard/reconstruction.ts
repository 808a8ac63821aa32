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
/** Bounds of p that are buckets of its histogram; p is uniform up to about 0.1. */
const LEVELS = ['0.005', '0.01', '0.025', '0.05', '0.1'];

const logarithmic = () => new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10);

/** Rows of the last `$window` with a conformal p of at most `level`, as a multiple of the expected share, `level`. */
const timesExpected = (level: string) =>
  `sum(increase(model_row_conformal_p_bucket{job="$job", le="${level}"}[$window])) / (sum(increase(model_row_conformal_p_count{job="$job"}[$window])) > 0) / ${level}`;

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
    LEVELS.reduce(
      (panel, level) => panel.withTarget(latest(timesExpected(level), `p at most ${level}`)),
      ranking({
        title: 'Unusual rows: should be flat',
        description:
          'Rows of $window with a conformal p of at most so much, as a multiple of what is expected: without drift, one row in a hundred has a p of at most 0.01, and so on, whatever the model. Bars near 1 (half the width): the rows look like the baseline. Long upper bars: rows that do not. The smaller the baseline, the less even.',
        unit: 'none',
        width: 8,
        height: 9,
      })
        .decimals(2)
        .max(2)
        .thresholds(thresholds('green', [1.5, 'orange'], [2, 'red'])),
    ),
    LEVELS.reduce(
      (panel, level) => panel.withTarget(range(timesExpected(level), `p at most ${level}`)),
      lines(
        {
          title: 'Unusual rows over time',
          description: 'The same over time: without drift, all lines stay about the dashed 1.',
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
        'The auxiliary loss of the latest request of each replica, weighted. One request is one pass: over single requests it varies widely without any drift, and nothing alarms on it.',
      unit: 'short',
      width: 8,
      height: 9,
    })
      .scaleDistribution(logarithmic())
      .withTarget(range('model_reconstruction_loss{job="$job"}', '{{instance}}')),
  ],
};

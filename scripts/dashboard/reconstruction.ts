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
/** Bucket bounds of the histogram of p, which is uniform up to about 0.1. */
const LEVELS = ['0.005', '0.01', '0.025', '0.05', '0.1'];

const logarithmic = () => new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10);

/** Rows of the last `$window` with a conformal p of at most `level`, as a multiple of the expected share, `level`. */
const timesExpected = (level: string) =>
  `sum(increase(model_row_conformal_p_bucket{job="$job", le="${level}"}[$window])) / (sum(increase(model_row_conformal_p_count{job="$job"}[$window])) > 0) / ${level}`;

/** Reconstruction errors, and how unusual rows are by their errors. */
export const reconstruction: Section = {
  title: 'Reconstruction',
  panels: [
    heatmap({
      title: 'Errors of the rows',
      description:
        'Rows by mean squared reconstruction error, in standardised units. Rows like the training data have low errors. A long tail is normal; a shift of the whole band indicates drift.',
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
            `${100 * q} % of rows below`,
          ),
        ),
      lines({
        title: 'Error: quantiles and mean',
        description:
          'Over the rows in $window, estimated from buckets in steps of 1, 2 and 5. A few rows can dominate the mean.',
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
          'Rows in $window with a conformal p up to each level, as a multiple of the expected number. Without drift, one row in a hundred has a p of at most 0.01, and so on, for any model. Bars near 1 (half the width) mean that the rows look like the baseline; long upper bars mean that they do not. A small baseline makes the bars less even.',
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
          description: 'The same over time. Without drift, all lines stay near the dashed 1.',
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
        'The weighted auxiliary loss of the latest request of each replica. It varies widely between requests even without drift, so no alert uses it.',
      unit: 'short',
      width: 8,
      height: 9,
    })
      .scaleDistribution(logarithmic())
      .withTarget(range('model_reconstruction_loss{job="$job"}', '{{instance}}')),
  ],
};

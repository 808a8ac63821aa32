import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

const MAX_FEATURES = 12;

const share = (counter: string) =>
  `topk(${MAX_FEATURES}, sum by (feature) (increase(${counter}{job="$job"}[$window])) / on () group_left () (sum(increase(model_row_conformal_p_count{job="$job"}[$window])) > 0))`;

/** Range and missing-value tests of single values. */
export const guards: Section = {
  title: 'Guards',
  panels: [
    lines(
      {
        title: 'Rows outside the range of the baseline',
        description:
          'Share of rows in $window with a value below the minimum or above the maximum of the baseline. An alert pages above 1 % (dashed) if chance does not explain it. Common causes are a changed unit or default.',
        unit: 'percentunit',
        width: 8,
        height: 8,
      },
      0.01,
    )
      .min(0)
      .axisSoftMax(0.02)
      .withTarget(range(share('model_feature_out_of_range_rows_total'), '{{feature}}')),
    lines({
      title: 'Implausible rows',
      description:
        'Rows in $window with a value so far out that the tails of the baseline have fewer than one in a million, or with a prediction far outside all targets. An alert reports three rows, or one prediction.',
      unit: 'short',
      width: 8,
      height: 8,
    })
      .min(0)
      .axisSoftMax(3)
      .withTarget(
        range(
          `topk(${MAX_FEATURES}, sum by (feature) (increase(model_implausible_rows_total{job="$job"}[$window])) > 0)`,
          '{{feature}}',
        ),
      ),
    lines({
      title: 'Rows with a missing value',
      description:
        'Share of rows in $window in which a feature is missing, and its share in the baseline. An alert pages above twice that share plus 1 %.',
      unit: 'percentunit',
      width: 8,
      height: 8,
    })
      .min(0)
      .axisSoftMax(0.02)
      .withTarget(range(share('model_feature_missing_rows_total'), '{{feature}}'))
      .withTarget(
        range(
          `topk(${MAX_FEATURES}, max by (feature) (model_feature_reference_missing_ratio{job="$job"}) > 0)`,
          '{{feature}}, reference',
        ),
      ),
  ],
};

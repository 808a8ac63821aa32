import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

const SHOWN = 12;

const share = (counter: string) =>
  `topk(${SHOWN}, sum by (feature) (increase(${counter}{job="$job"}[$window])) / on () group_left () (sum(increase(model_row_conformal_p_count{job="$job"}[$window])) > 0))`;

/** What is wrong in a single value. */
export const guards: Section = {
  title: 'Guards',
  panels: [
    lines(
      {
        title: 'Rows outside the range of the baseline',
        description:
          'Share of the rows of $window whose value is below the least or above the largest of the baseline. Above 1 % (dashed), and more than chance explains, an alert pages: mostly a unit or a default.',
        unit: 'percentunit',
        width: 12,
        height: 8,
      },
      0.01,
    )
      .min(0)
      .axisSoftMax(0.02)
      .withTarget(range(share('model_feature_out_of_range_rows_total'), '{{feature}}')),
    lines({
      title: 'Rows with a missing value',
      description:
        'Share of the rows of $window in which a feature is null, and the share that the baseline has. Twice that share and 1 % more pages.',
      unit: 'percentunit',
      width: 12,
      height: 8,
    })
      .min(0)
      .axisSoftMax(0.02)
      .withTarget(range(share('model_feature_missing_rows_total'), '{{feature}}'))
      .withTarget(
        range(
          `topk(${SHOWN}, max by (feature) (model_feature_reference_missing_ratio{job="$job"}) > 0)`,
          '{{feature}}, reference',
        ),
      ),
  ],
};

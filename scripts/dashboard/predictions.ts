import { lines, liveAgainstReference } from './panel.js';
import { liveShares, range, referenceShares, table } from './query.js';
import type { Section } from './section.js';

const PREDICTIONS = 'feature=~"prediction:.*"';
const Z_LIMIT = 4.5;

const byTarget = (shares: string) =>
  `label_replace(label_join(${shares}, "bin", " ", "feature", "bin"), "bin", "$1", "bin", "prediction:(.*)")`;

/** What the model says. */
export const predictions: Section = {
  title: 'Predictions',
  panels: [
    liveAgainstReference({
      title: 'Predictions: live against the reference',
      description:
        'Shares of the predictions of $window in the quantile bins of the predictions for the held-out rows, 01 the lowest.',
      unit: 'percentunit',
      width: 12,
      height: 8,
    })
      .withTarget(table(byTarget(liveShares(PREDICTIONS))))
      .withTarget(table(byTarget(referenceShares(PREDICTIONS)))),
    lines(
      {
        title: 'Predictions: z over all replicas, 15 minutes',
        description:
          'How far the predictions are from those for the held-out rows. Above the dashed line an alert comes, if the difference also matters.',
        unit: 'none',
        width: 12,
        height: 8,
      },
      Z_LIMIT,
    ).withTarget(range(`baseline:model_feature_drift:z15m{job="$job", ${PREDICTIONS}}`, '{{feature}}')),
  ],
};

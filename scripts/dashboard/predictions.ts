import { lines, liveAgainstReference } from './panel.js';
import { liveShares, range, referenceShares, table } from './query.js';
import type { Section } from './section.js';

const PREDICTIONS = 'feature=~"prediction:.*"';
const Z_LIMIT = 4.5;

const byTarget = (shares: string) =>
  `label_replace(label_join(${shares}, "bin", " ", "feature", "bin"), "bin", "$1", "bin", "prediction:(.*)")`;

/** Drift of the predictions. */
export const predictions: Section = {
  title: 'Predictions',
  panels: [
    liveAgainstReference({
      title: 'Predictions: live against the reference',
      description:
        'Shares of the predictions in $window by quantile bin of the predictions for the held-out rows, from 01 for the lowest.',
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
          'Distance of the predictions from those for the held-out rows. Above the dashed line, an alert fires if the difference is also large enough to matter.',
        unit: 'none',
        width: 12,
        height: 8,
      },
      Z_LIMIT,
    ).withTarget(range(`baseline:model_feature_drift:z15m{job="$job", ${PREDICTIONS}}`, '{{feature}}')),
  ],
};

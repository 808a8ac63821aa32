import { lines, liveAgainstReference } from './panel.js';
import { evidence, liveShares, range, referenceShares, table } from './query.js';
import type { Section } from './section.js';

const SELECTED = 'feature="$feature"';

/** The feature selected at the top of the dashboard. */
export const input: Section = {
  title: 'One input: $feature',
  panels: [
    liveAgainstReference({
      title: '$feature: live against the reference',
      description:
        'Shares of rows in the last $window by quantile bin of the baseline, from 01 for the lowest values, compared with the baseline itself. Equal bars mean no drift. GET /drift returns the edges of the bins. Not exported above 50 features.',
      unit: 'percentunit',
      width: 12,
      height: 9,
    })
      .withTarget(table(liveShares(SELECTED)))
      .withTarget(table(referenceShares(SELECTED))),
    lines(
      {
        title: '$feature: evidence by test',
        description:
          'Each test as a share of its threshold: bins (the distribution), range, missing, the control chart (ewma_histogram), and the same tests for the part of the feature that the other features do not explain (conditional).',
        unit: 'percentunit',
        width: 12,
        height: 9,
      },
      1,
    )
      .min(0)
      .axisSoftMax(1.2)
      .withTarget(range(evidence('statistic', '"$feature"'), '{{statistic}}'))
      .withTarget(range(evidence('statistic', '"conditional:$feature"'), 'conditional {{statistic}}')),
  ],
};

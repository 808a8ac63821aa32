import { lines, liveAgainstReference } from './panel.js';
import { evidence, liveShares, range, referenceShares, table } from './query.js';
import type { Section } from './section.js';

const SELECTED = 'feature="$feature"';

/** The feature that is chosen at the top of the dashboard. */
export const input: Section = {
  title: 'One input: $feature',
  panels: [
    liveAgainstReference({
      title: '$feature: live against the reference',
      description:
        'Shares of the rows of the last $window in the quantile bins of the baseline, 01 the lowest values, beside the baseline itself. Equal bars: nothing has moved. GET /drift has the edges of the bins. Not exported above 50 features.',
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
          'Each test as a share of its threshold: bins (the distribution), range, missing, the running chart (ewma_histogram), and the same for what the other features do not explain of it (conditional).',
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

import { TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import { lines, ranking, rows, thresholds } from './panel.js';
import { evidence, latest, range, table } from './query.js';
import type { Section } from './section.js';

/** Of many features the ones that have most to say. */
const SHOWN = 12;
/** The limits of deploy/prometheus/alerts.yml. */
const Z_LIMIT = 4.5;
const PSI_LIMIT = 0.02;

/** Which features, predictions and errors moved. */
export const inputs: Section = {
  title: 'Which inputs moved',
  panels: [
    ranking({
      title: 'Ranking: evidence as a share of the alarm threshold',
      description:
        'The strongest test of each channel in the latest window or the running chart, on the replica that has most. A full bar raises an alarm. "prediction:" is a prediction as a channel, "conditional:" the part of a feature that the others do not explain.',
      unit: 'percentunit',
      width: 12,
      height: 9,
    })
      .max(1)
      .thresholds(thresholds('green', [0.75, 'orange'], [1, 'red']))
      .withTarget(latest(`sort_desc(topk(${SHOWN}, ${evidence('channel')}))`, '{{channel}}')),
    lines(
      {
        title: 'Evidence over time',
        description: 'The same over time. The dashed line is the threshold: what passes it raises an alarm.',
        unit: 'percentunit',
        width: 12,
        height: 9,
      },
      1,
    )
      .min(0)
      .axisSoftMax(1.2)
      .withTarget(range(`topk(${SHOWN}, ${evidence('channel')})`, '{{channel}}')),
    rows({
      title: 'Every test: score and threshold',
      description:
        'Scores of the latest window are -log10 of the p-value; those of the running charts (ewma) are deviates. An alarm needs a score above its threshold.',
      unit: 'none',
      width: 10,
      height: 9,
    })
      .decimals(1)
      .sortBy([new TableSortByFieldStateBuilder().displayName('score').desc(true)])
      .withTransformation({ id: 'merge', options: {} })
      .withTransformation({
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: { channel: 0, statistic: 1, window: 2, 'Value #A': 3, 'Value #B': 4 },
          renameByName: { 'Value #A': 'score', 'Value #B': 'threshold' },
        },
      })
      .withTarget(table('max by (channel, statistic, window) (model_drift_score{job="$job"})'))
      .withTarget(table('max by (channel, statistic, window) (model_drift_threshold{job="$job"})')),
    lines(
      {
        title: 'All replicas together, 15 minutes: z',
        description:
          'How far the last 15 minutes of all replicas are from the baseline, in standard deviations of what chance does. What the alerts look at; the dashed line is their limit.',
        unit: 'none',
        width: 7,
        height: 9,
      },
      Z_LIMIT,
    ).withTarget(range(`topk(${SHOWN}, baseline:model_feature_drift:z15m{job="$job"})`, '{{feature}}')),
    lines(
      {
        title: 'All replicas together, 15 minutes: size',
        description:
          'How much has moved: the population stability index less what chance explains. Below the dashed line a difference may be certain and does not matter.',
        unit: 'none',
        width: 7,
        height: 9,
      },
      PSI_LIMIT,
    ).withTarget(range(`topk(${SHOWN}, baseline:model_feature_drift:psi_corrected15m{job="$job"})`, '{{feature}}')),
  ],
};

import { TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import { lines, ranking, rows, thresholds } from './panel.js';
import { evidence, latest, range, table } from './query.js';
import type { Section } from './section.js';

/** Maximum number of channels shown, strongest evidence first. */
const MAX_CHANNELS = 12;
/** The limits of deploy/prometheus/alerts.yml. */
const Z_LIMIT = 4.5;
const PSI_LIMIT = 0.02;

/** Drift of features, predictions and errors. */
export const inputs: Section = {
  title: 'Input drift',
  panels: [
    ranking({
      title: 'Ranking: evidence as a share of the alarm threshold',
      description:
        'The strongest test of each channel in the latest window or the control chart, on the replica with the most evidence. A full bar raises an alarm. "prediction:" marks a prediction, "conditional:" the part of a feature that the other features do not explain.',
      unit: 'percentunit',
      width: 12,
      height: 9,
    })
      .max(1)
      .thresholds(thresholds('green', [0.75, 'orange'], [1, 'red']))
      .withTarget(latest(`sort_desc(topk(${MAX_CHANNELS}, ${evidence('channel')}))`, '{{channel}}')),
    lines(
      {
        title: 'Evidence over time',
        description: 'The same over time. Above the dashed threshold, an alarm is raised.',
        unit: 'percentunit',
        width: 12,
        height: 9,
      },
      1,
    )
      .min(0)
      .axisSoftMax(1.2)
      .withTarget(range(`topk(${MAX_CHANNELS}, ${evidence('channel')})`, '{{channel}}')),
    rows({
      title: 'Every test: score and threshold',
      description:
        'Scores of the latest window are -log10 of the p-value; scores of the control charts (ewma) are deviates. A score above its threshold raises an alarm.',
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
          'Distance of the last 15 minutes of all replicas from the baseline, in standard deviations of chance variation. The alerts use this value; the dashed line is their limit.',
        unit: 'none',
        width: 7,
        height: 9,
      },
      Z_LIMIT,
    ).withTarget(range(`topk(${MAX_CHANNELS}, baseline:model_feature_drift:z15m{job="$job"})`, '{{feature}}')),
    lines(
      {
        title: 'All replicas together, 15 minutes: size',
        description:
          'Size of the drift: the population stability index less its expectation by chance. Below the dashed line, a difference may be significant but is too small to matter.',
        unit: 'none',
        width: 7,
        height: 9,
      },
      PSI_LIMIT,
    ).withTarget(
      range(`topk(${MAX_CHANNELS}, baseline:model_feature_drift:psi_corrected15m{job="$job"})`, '{{feature}}'),
    ),
  ],
};

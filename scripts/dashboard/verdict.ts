import { BigValueColorMode, BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { flagNames, number, states, thresholds } from './panel.js';
import { latest, range } from './query.js';
import type { Section } from './section.js';

const HEIGHT = 4;

/** Key figures. */
export const verdict: Section = {
  title: 'Verdict',
  panels: [
    number({
      title: 'Inputs',
      description:
        'Shows DRIFT if any replica has raised a drift alarm and has not had three windows without drift since. GET /drift describes the changes in words.',
      unit: 'none',
      width: 5,
      height: HEIGHT,
    })
      .mappings(flagNames('like the reference', 'DRIFT'))
      .thresholds(thresholds('green', [1, 'red']))
      .colorMode(BigValueColorMode.Background)
      .noValue('no baseline')
      .withTarget(latest('max(model_drift_detected{job="$job"})', 'drift')),
    states({
      title: 'Alarms',
      description:
        'By group of tests: distributions of features and predictions; guards (out of range, missing); the reconstruction error; and the dependence between features (conditional).',
      unit: 'none',
      width: 9,
      height: HEIGHT,
    })
      .mappings(flagNames('no alarm', 'alarm'))
      .withTarget(range('max by (group) (model_drift_detected{job="$job"})', '{{group}}')),
    number({
      title: 'Alerts firing',
      description:
        'Alerts of deploy/prometheus/alerts.yml that are firing. docs/alerts.md describes how to respond to each.',
      unit: 'none',
      width: 3,
      height: HEIGHT,
    })
      .thresholds(thresholds('green', [1, 'red']))
      .withTarget(
        latest('count(ALERTS{job="$job", alertstate="firing", alertname=~"Model.*"}) or vector(0)', 'alerts'),
      ),
    number({
      title: 'Version',
      description:
        'The serving version. Several versions mean a rollout in progress, or replicas with separate trainings.',
      unit: 'none',
      width: 3,
      height: HEIGHT,
    })
      .textMode(BigValueTextMode.Name)
      .noValue('none')
      .withTarget(latest('count_values("version", model_version{job="$job"} > 0)', '{{version}}')),
    number({
      title: 'Replicas with a model',
      description: 'Replicas that serve a version and that Prometheus can reach.',
      unit: 'none',
      width: 2,
      height: HEIGHT,
    })
      .thresholds(thresholds('red', [1, 'green']))
      .withTarget(latest('count(model_version{job="$job"} > 0) or vector(0)', 'replicas')),
    number({
      title: 'Baseline',
      description:
        'Held-out rows with which live rows are compared. 1,000 or more are good; below 200, the dependence between features is not tested.',
      unit: 'short',
      width: 2,
      height: HEIGHT,
    })
      .thresholds(thresholds('orange', [200, 'text']))
      .noValue('none')
      .withTarget(latest('min(model_baseline_rows{job="$job"})', 'rows')),
  ],
};

import { BigValueColorMode, BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { named, number, states, thresholds } from './panel.js';
import { latest, range } from './query.js';
import type { Section } from './section.js';

const HEIGHT = 4;

/** What one wants to know first. */
export const verdict: Section = {
  title: 'Verdict',
  panels: [
    number({
      title: 'Inputs',
      description:
        'Whether any replica has raised a drift alarm and has not seen three quiet windows since. GET /drift says in words what has changed.',
      unit: 'none',
      width: 5,
      height: HEIGHT,
    })
      .mappings(named('like the reference', 'DRIFT'))
      .thresholds(thresholds('green', [1, 'red']))
      .colorMode(BigValueColorMode.Background)
      .noValue('no baseline')
      .withTarget(latest('max(model_drift_detected{job="$job"})', 'drift')),
    states({
      title: 'Alarms',
      description:
        'By group of tests: the features and predictions themselves; guards (out of range, missing); the reconstruction error; and what the features do not explain of each other (conditional).',
      unit: 'none',
      width: 9,
      height: HEIGHT,
    })
      .mappings(named('quiet', 'alarm'))
      .withTarget(range('max by (group) (model_drift_detected{job="$job"})', '{{group}}')),
    number({
      title: 'Alerts firing',
      description: 'Alerts of deploy/prometheus/alerts.yml that fire now. docs/alerts.md tells what to do about each.',
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
        'The version that serves. More than one: a rollout is under way, or replicas have been trained apart.',
      unit: 'none',
      width: 3,
      height: HEIGHT,
    })
      .textMode(BigValueTextMode.Name)
      .noValue('none')
      .withTarget(latest('count_values("version", model_version{job="$job"} > 0)', '{{version}}')),
    number({
      title: 'Replicas with a model',
      description: 'Replicas that Prometheus reaches and that serve a version.',
      unit: 'none',
      width: 2,
      height: HEIGHT,
    })
      .thresholds(thresholds('red', [1, 'green']))
      .withTarget(latest('count(model_version{job="$job"} > 0) or vector(0)', 'replicas')),
    number({
      title: 'Baseline',
      description:
        'Held-out rows that the live rows are compared with. 1,000 or more are good; under 200 there is no test of how features depend on each other.',
      unit: 'short',
      width: 2,
      height: HEIGHT,
    })
      .thresholds(thresholds('orange', [200, 'text']))
      .noValue('none')
      .withTarget(latest('min(model_baseline_rows{job="$job"})', 'rows')),
  ],
};

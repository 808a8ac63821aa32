import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  IntervalVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { guards } from './guards.js';
import { input } from './input.js';
import { inputs } from './inputs.js';
import { predictions } from './predictions.js';
import { DATASOURCE } from './query.js';
import { reconstruction } from './reconstruction.js';
import { traffic } from './traffic.js';
import { training } from './training.js';
import { verdict } from './verdict.js';

const SECTIONS = [verdict, inputs, input, reconstruction, guards, predictions, traffic, training];

/** Grafana evaluates annotations every minute and marks the changes since the previous evaluation. */
const STEP = '60s';

/** The dashboard of deploy/grafana, for the Grafana of compose.yaml. */
export function buildDashboard(): Dashboard {
  const builder = new DashboardBuilder('Reconstruction regressor')
    .uid('reconstruction-regressor')
    .description('Drift, reconstruction, predictions and traffic of a model, over all replicas.')
    .tags(['drift', 'model'])
    .time({ from: 'now-30m', to: 'now' })
    .refresh('10s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly();
  for (const variable of variables()) builder.withVariable(variable);
  for (const annotation of annotations()) builder.annotation(annotation);
  for (const { title, panels } of SECTIONS) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const dashboard = builder.build();
  dashboard.panels?.forEach((panel, i) => {
    panel.id = i + 1;
    if ('targets' in panel) {
      panel.targets?.forEach((target, k) => {
        Object.assign(target, { refId: String.fromCharCode('A'.charCodeAt(0) + k) });
      });
    }
  });
  return dashboard;
}

function variables() {
  return [
    new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    new QueryVariableBuilder('job')
      .label('Job')
      .datasource(DATASOURCE)
      .query('label_values(model_version, job)')
      .refresh(VariableRefresh.OnDashboardLoad)
      .sort(VariableSort.AlphabeticalAsc),
    new QueryVariableBuilder('feature')
      .label('Feature')
      .datasource(DATASOURCE)
      .query('label_values(model_feature_degrees_of_freedom{job="$job"}, feature)')
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc),
    new IntervalVariableBuilder('window')
      .label('Shares over')
      .values('1m,5m,15m,1h,6h')
      .current({ text: '5m', value: '5m', selected: true }),
  ];
}

function annotations() {
  const versions = 'count_values("version", model_version{job="$job"} > 0)';
  const before = 'count_values("version", model_version{job="$job"} offset 1m > 0)';
  return [
    new AnnotationQueryBuilder()
      .name('New versions')
      .datasource(DATASOURCE)
      .enable(true)
      .iconColor('blue')
      .expr(`${versions} unless on (version) ${before}`)
      .step(STEP)
      .titleFormat('version {{version}} serves'),
    new AnnotationQueryBuilder()
      .name('Drift alarms')
      .datasource(DATASOURCE)
      .enable(true)
      .iconColor('red')
      .expr('sum by (group) (model_drift_detected{job="$job"}) > 0')
      .step(STEP)
      .titleFormat('drift alarm: {{group}}'),
  ];
}

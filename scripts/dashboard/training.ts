import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

/** Averages values over the replicas, weighted by their numbers of rows. */
const weighted = (values: string, rows = 'model_feedback_evaluated_rows', labels = 'target') =>
  `sum by (${labels}) (${values} * on (job, instance) group_left () ${rows}) / on () group_left () (sum(${rows}{job="$job"}) > 0)`;

/** Trainings, and errors of the serving version on labelled rows. */
export const training: Section = {
  title: 'Trainings and feedback',
  panels: [
    lines({
      title: 'Trainings',
      description: 'Finished trainings since the start of each replica, by outcome.',
      unit: 'none',
      width: 8,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum by (outcome) (model_training_jobs_total{job="$job"})', '{{outcome}}')),
    lines({
      title: 'Duration of a training',
      description: 'Mean over the trainings since the start of each replica, and the age of the serving version.',
      unit: 's',
      width: 8,
      height: 8,
    })
      .min(0)
      .withTarget(
        range(
          'sum(model_training_duration_seconds_sum{job="$job"}) / (sum(model_training_duration_seconds_count{job="$job"}) > 0)',
          'training',
        ),
      )
      .withTarget(range('min(model_age_seconds{job="$job"})', 'age of the version')),
    lines({
      title: 'Feedback',
      description:
        'Labelled rows that are stored, those used for the live errors, and those received in the last $window.',
      unit: 'none',
      width: 8,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum(model_feedback_kept_rows{job="$job"})', 'stored'))
      .withTarget(range('sum(model_feedback_evaluated_rows{job="$job"})', 'evaluated'))
      .withTarget(range('sum(increase(model_feedback_rows_total{job="$job"}[$window]))', 'received')),
    lines({
      title: 'Prediction errors',
      description:
        'Errors of the serving version on its latest rows with true targets from POST /feedback, in units of the target, beside its RMSE on held-out rows and the RMSE that the traffic is expected to have without labels. Bias is prediction minus target.',
      unit: 'none',
      width: 12,
      height: 8,
    })
      .withTarget(range(`sqrt(${weighted('model_feedback_rmse{job="$job"} ^ 2')})`, '{{target}} RMSE'))
      .withTarget(range(weighted('model_feedback_mae{job="$job"}'), '{{target}} MAE'))
      .withTarget(range(weighted('model_feedback_bias{job="$job"}'), '{{target}} bias'))
      .withTarget(range('max by (target) (model_held_out_rmse{job="$job"})', '{{target}} RMSE, held out'))
      .withTarget(range('avg by (target) (model_expected_rmse{job="$job"})', '{{target}} RMSE, expected')),
    lines({
      title: 'Coverage of prediction intervals',
      description:
        'Share of true values from POST /feedback that lie in the intervals of the serving version, by level. Each line is to be at its level: below it, intervals promise more than they hold.',
      unit: 'percentunit',
      width: 12,
      height: 8,
    })
      .min(0)
      .max(1)
      .withTarget(
        range(
          weighted('model_interval_coverage{job="$job"}', 'model_interval_coverage_rows', 'target, level'),
          '{{target}} {{level}}',
        ),
      ),
  ],
};

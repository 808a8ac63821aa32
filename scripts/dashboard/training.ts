import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

/** Averages errors over the replicas, weighted by their numbers of rows. */
const weighted = (errors: string) =>
  `sum by (target) (${errors} * on (job, instance) group_left () model_feedback_evaluated_rows) / on () group_left () (sum(model_feedback_evaluated_rows{job="$job"}) > 0)`;

/** Trainings, and errors of the serving version on labelled rows. */
export const training: Section = {
  title: 'Trainings and feedback',
  panels: [
    lines({
      title: 'Trainings',
      description: 'Finished trainings since the start of each replica, by outcome.',
      unit: 'none',
      width: 6,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum by (outcome) (model_training_jobs_total{job="$job"})', '{{outcome}}')),
    lines({
      title: 'Duration of a training',
      description: 'Mean over the trainings since the start of each replica, and the age of the serving version.',
      unit: 's',
      width: 6,
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
      title: 'Prediction errors',
      description:
        'Errors of the serving version on its latest rows with true targets from POST /feedback, in units of the target, beside its RMSE on held-out rows and the RMSE that the traffic is expected to have without labels. Bias is prediction minus target.',
      unit: 'none',
      width: 6,
      height: 8,
    })
      .withTarget(range(`sqrt(${weighted('model_feedback_rmse{job="$job"} ^ 2')})`, '{{target}} RMSE'))
      .withTarget(range(weighted('model_feedback_mae{job="$job"}'), '{{target}} MAE'))
      .withTarget(range(weighted('model_feedback_bias{job="$job"}'), '{{target}} bias'))
      .withTarget(range('max by (target) (model_held_out_rmse{job="$job"})', '{{target}} RMSE, held out'))
      .withTarget(range('avg by (target) (model_expected_rmse{job="$job"})', '{{target}} RMSE, expected')),
    lines({
      title: 'Feedback',
      description:
        'Labelled rows that are stored, those used for the live errors, and those received in the last $window.',
      unit: 'none',
      width: 6,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum(model_feedback_kept_rows{job="$job"})', 'stored'))
      .withTarget(range('sum(model_feedback_evaluated_rows{job="$job"})', 'evaluated'))
      .withTarget(range('sum(increase(model_feedback_rows_total{job="$job"}[$window]))', 'received')),
  ],
};

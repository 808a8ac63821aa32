import { lines } from './panel.js';
import { range } from './query.js';
import type { Section } from './section.js';

/** Each replica has rows of its own: their errors are weighed by them. */
const weighed = (errors: string) =>
  `sum by (target) (${errors} * on (job, instance) group_left () model_feedback_evaluated_rows) / on () group_left () (sum(model_feedback_evaluated_rows{job="$job"}) > 0)`;

/** New versions, and how right they are. */
export const training: Section = {
  title: 'Trainings and feedback',
  panels: [
    lines({
      title: 'Trainings',
      description: 'Trainings that ended, since each replica started, by outcome.',
      unit: 'none',
      width: 6,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum by (outcome) (model_training_jobs_total{job="$job"})', '{{outcome}}')),
    lines({
      title: 'Duration of a training',
      description: 'Mean over the trainings since each replica started, and the age of the version that serves.',
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
      title: 'Live errors, from feedback',
      description:
        'Errors of the serving version on its latest rows whose true targets came by POST /feedback, in units of the target. Bias is prediction less target. Empty without feedback.',
      unit: 'none',
      width: 6,
      height: 8,
    })
      .withTarget(range(`sqrt(${weighed('model_feedback_rmse{job="$job"} ^ 2')})`, '{{target}} RMSE'))
      .withTarget(range(weighed('model_feedback_mae{job="$job"}'), '{{target}} MAE'))
      .withTarget(range(weighed('model_feedback_bias{job="$job"}'), '{{target}} bias')),
    lines({
      title: 'Feedback',
      description:
        'Labelled rows that are kept, those the live errors are of, and those that came in the last $window.',
      unit: 'none',
      width: 6,
      height: 8,
    })
      .min(0)
      .withTarget(range('sum(model_feedback_kept_rows{job="$job"})', 'kept'))
      .withTarget(range('sum(model_feedback_evaluated_rows{job="$job"})', 'evaluated'))
      .withTarget(range('sum(increase(model_feedback_rows_total{job="$job"}[$window]))', 'came')),
  ],
};

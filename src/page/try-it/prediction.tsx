import type { Explained, Model } from '../client/api.js';
import { figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Interval, IntervalNote } from './interval.js';

/** The prediction of a row with its interval, and how unusual the row is. */
export function Prediction({ model, explained }: { model: Model; explained: Explained }) {
  const { predictions, intervals, interval, reconstruction_error, explanations, model_version } = explained;
  const { p_value, out_of_range } = explanations[0]!;
  return (
    <>
      <dl class="predictions">
        {model.targets.map((name, i) => (
          <div key={name}>
            <dt>
              <Name of={name} max={60} />
            </dt>
            <dd>{figure(predictions[0]![i], 4)}</dd>
            {intervals && interval !== undefined ? (
              <Interval
                model={model}
                index={i}
                prediction={predictions[0]![i]!}
                bounds={intervals[0]![i]!}
                level={interval}
              />
            ) : null}
          </div>
        ))}
      </dl>
      <IntervalNote model={model} level={interval} />
      <p>
        <strong>{describeRarity(p_value, out_of_range.length)}</strong>{' '}
        {p_value === null
          ? 'Drift monitoring is off, so there is no baseline to compare the row with.'
          : `At most ${percent(p_value)} of held-out rows look this unusual (p = ${figure(p_value, 2)}).`}
      </p>
      <p class="note">
        Reconstruction error {figure(reconstruction_error[0])}, by version {model_version}.
      </p>
    </>
  );
}

/** Thresholds of the p-value. */
const UNUSUAL = 0.05;
const VERY_UNUSUAL = 0.01;

function describeRarity(p: number | null, outOfRange: number): string {
  if (p !== null && p <= VERY_UNUSUAL) return '▲ Very unusual.';
  if (outOfRange > 0) return '▲ Outside the range of the held-out rows.';
  if (p === null) return '';
  return p <= UNUSUAL ? '▲ Unusual.' : '✓ Like the training data.';
}

import type { Job } from '../client/api.js';
import { counted, figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';

/** The progress of a new version in the shadow of the serving one, and how much their predictions differ. */
export function ShadowReport({ shadow, runs }: { shadow: NonNullable<Job['shadow']>; runs: boolean }) {
  const { rows, asked_rows, targets } = shadow;
  return (
    <>
      <p>
        {runs ? 'Shadowing the serving version: ' : 'Shadowed the serving version: '}
        {figure(rows)} of {counted(asked_rows, 'row')}{' '}
        {runs ? <progress aria-label="Shadow rows" max={asked_rows} value={rows} /> : null}
      </p>
      <ul>
        {Object.entries(targets).map(([name, { mean_difference, quantiles, bound, beyond_bound }]) => (
          <li key={name}>
            <Name of={name} max={60} /> differs from the serving version by {figure(mean_difference)} on average: 50 %
            of rows within {figure(quantiles['p50'])}, 99 % within {figure(quantiles['p99'])}, {percent(beyond_bound)}{' '}
            beyond {figure(bound)}, the RMSE of that version.
          </li>
        ))}
      </ul>
    </>
  );
}

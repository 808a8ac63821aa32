import type { Job } from '../client/api.js';
import { counted, figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';

/** How far a new version has answered the traffic beside the serving one, and what its answers differ by. */
export function ShadowReport({ shadow, runs }: { shadow: NonNullable<Job['shadow']>; runs: boolean }) {
  const { rows, asked_rows, targets } = shadow;
  return (
    <>
      <p>
        {runs ? 'Answers the traffic in the shadow of the serving version: ' : 'It answered in the shadow: '}
        {figure(rows)} of {counted(asked_rows, 'row')}{' '}
        {runs ? <progress aria-label="Rows answered" max={asked_rows} value={rows} /> : null}
      </p>
      <ul>
        {Object.entries(targets).map(([name, { mean_difference, quantiles, bound, beyond_bound }]) => (
          <li key={name}>
            <Name of={name} most={60} />: {figure(mean_difference)} from the serving version on average; half of the
            rows within {figure(quantiles['p50'])}, 99 % within {figure(quantiles['p99'])}; {percent(beyond_bound)}{' '}
            beyond {figure(bound)}, the RMSE of that version.
          </li>
        ))}
      </ul>
    </>
  );
}

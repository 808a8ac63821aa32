import type { Comparison } from '../client/api.js';
import { figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';

/** Two versions side by side: each one's errors on its own held-out rows, and the difference between their predictions. */
export function ComparisonTable({ comparison }: { comparison: Comparison }) {
  const { versions, metrics, predictions, importance } = comparison;
  const targets = Object.entries(metrics.targets);
  return (
    <section class="panel" aria-labelledby="comparison-title">
      <h2 id="comparison-title">
        Version {versions[0]} and version {versions[1]}
      </h2>
      <p class="note">Errors are measured on the rows that each version’s own training held out.</p>
      <Table head={['Measure', `Version ${versions[0]}`, `Version ${versions[1]}`, 'Difference']}>
        <Measure label="held-out rows" pair={metrics.rows} lessIsBetter={null} />
        <Measure label="prediction error, standardised" pair={metrics.prediction_error} lessIsBetter />
        <Measure label="reconstruction error" pair={metrics.reconstruction_error} lessIsBetter />
        {targets.map(([name, { rmse, mae, r2 }]) => [
          <Measure key={`rmse ${name}`} label="RMSE" of={name} pair={rmse} lessIsBetter />,
          <Measure key={`mae ${name}`} label="MAE" of={name} pair={mae} lessIsBetter />,
          <Measure key={`r2 ${name}`} label="R²" of={name} pair={r2} lessIsBetter={false} />,
        ])}
        {mostImportant(importance ?? []).map(({ name, increase }) => (
          <Measure key={`importance ${name}`} label="importance of" of={name} pair={increase} lessIsBetter={null} />
        ))}
      </Table>
      {predictions ? (
        <ul class="differences">
          {Object.entries(predictions.difference).map(([name, { mean, mean_absolute, largest }]) => (
            <li key={name}>
              <Name of={name} max={60} />: on {predictions.rows.length} probe rows, version {versions[1]} differs from
              version {versions[0]} by {figure(mean_absolute)} on average (mean {signed(mean)}, largest{' '}
              {figure(largest)}).
            </li>
          ))}
        </ul>
      ) : (
        <p>The versions have different columns, so their predictions cannot be compared.</p>
      )}
    </section>
  );
}

/** Columns whose importance is compared. */
const MAX_COLUMNS = 5;

/** Returns the columns that matter most to either version. */
function mostImportant(columns: NonNullable<Comparison['importance']>) {
  const most = ({ increase }: (typeof columns)[number]) => Math.max(...increase.map((value) => value ?? 0));
  return columns.toSorted((a, b) => most(b) - most(a)).slice(0, MAX_COLUMNS);
}

interface MeasureProps {
  readonly label: string;
  readonly of?: string;
  /** The value of each version; null where it has none. */
  readonly pair: Comparison['metrics']['rows'];
  /** Null if the measure has no better direction. */
  readonly lessIsBetter: boolean | null;
}

function Measure({ label, of, pair: [a = null, b = null], lessIsBetter }: MeasureProps) {
  const change = a !== null && b !== null ? b - a : null;
  const better = change === null || change === 0 || lessIsBetter === null ? null : change < 0 === lessIsBetter;
  return (
    <tr>
      <th scope="row">
        {label} {of === undefined ? null : <Name of={of} max={60} />}
      </th>
      <td>{figure(a)}</td>
      <td>{figure(b)}</td>
      <td>
        {signed(change)} {better === null ? '' : better ? '(better)' : '(worse)'}
      </td>
    </tr>
  );
}

function signed(value: number | null): string {
  return value !== null && value > 0 ? `+${figure(value)}` : figure(value);
}

import type { Comparison, Pair } from '../client/api.js';
import { figure } from '../parts/format.js';
import { Name } from '../parts/name.js';

/** Two versions side by side: their errors on what each held out, and how far apart they predict. */
export function ComparisonTable({ comparison: { versions, metrics, predictions } }: { comparison: Comparison }) {
  const targets = Object.entries(metrics.targets);
  return (
    <section class="panel" aria-labelledby="comparison-title">
      <h2 id="comparison-title">
        Version {versions[0]} and version {versions[1]}
      </h2>
      <p class="note">Errors are those on the rows that each one’s own training held out.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col">Version {versions[0]}</th>
            <th scope="col">Version {versions[1]}</th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          <Measure label="held-out rows" pair={metrics.rows} lessIsBetter={null} />
          <Measure label="prediction error, standardised" pair={metrics.prediction_error} lessIsBetter />
          <Measure label="reconstruction error" pair={metrics.reconstruction_error} lessIsBetter />
          {targets.map(([name, { rmse, mae, r2 }]) => [
            <Measure key={`rmse ${name}`} label="RMSE" of={name} pair={rmse} lessIsBetter />,
            <Measure key={`mae ${name}`} label="MAE" of={name} pair={mae} lessIsBetter />,
            <Measure key={`r2 ${name}`} label="R²" of={name} pair={r2} lessIsBetter={false} />,
          ])}
        </tbody>
      </table>
      {predictions ? (
        <ul class="differences">
          {Object.entries(predictions.difference).map(([name, { mean, mean_absolute, largest }]) => (
            <li key={name}>
              <Name of={name} most={60} />: on {predictions.rows.length} probe rows version {versions[1]} predicts{' '}
              {figure(mean_absolute)} apart from version {versions[0]} on average (mean {signed(mean)}, largest{' '}
              {figure(largest)}).
            </li>
          ))}
        </ul>
      ) : (
        <p>They have other columns, so their predictions cannot be compared.</p>
      )}
    </section>
  );
}

interface MeasureProps {
  readonly label: string;
  readonly of?: string;
  readonly pair: Pair;
  /** Null if neither is. */
  readonly lessIsBetter: boolean | null;
}

function Measure({ label, of, pair: [a, b], lessIsBetter }: MeasureProps) {
  const change = a !== null && b !== null ? b - a : null;
  const better = change === null || change === 0 || lessIsBetter === null ? null : change < 0 === lessIsBetter;
  return (
    <tr>
      <th scope="row">
        {label} {of === undefined ? null : <Name of={of} most={60} />}
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

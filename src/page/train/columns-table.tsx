import type { Model } from '../client/api.js';
import { counted, figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { type CsvColumn, type CsvFile, droppedRows } from './csv-file.js';

export interface ColumnsTableProps {
  readonly csv: CsvFile;
  readonly target: number;
  /** The features. */
  readonly used: ReadonlySet<number>;
  readonly model: Model | null;
  readonly onUse: (column: number, use: boolean) => void;
}

/** The columns of a CSV before it is trained on: what is used, what is left out, and why. */
export function ColumnsTable({ csv, target, used, model, onUse }: ColumnsTableProps) {
  const dropped = droppedRows(csv, new Set([...used, target]));
  return (
    <>
      <p>
        <strong>{counted(csv.rows - dropped, 'row')}</strong> with {counted(used.size, 'feature')}.{' '}
        {dropped > 0
          ? `${figure(dropped)} of ${counted(csv.rows, 'row')} left out: a used column has no number there.`
          : 'No row is left out.'}
        {dropped > csv.rows / 2 ? ' That is more than half: the service will refuse it.' : ''}
      </p>
      <table class="columns">
        <caption class="unseen">Columns of the file</caption>
        <thead>
          <tr>
            <th scope="col">Use</th>
            <th scope="col">Column</th>
            <th scope="col">First values</th>
            <th scope="col">What happens</th>
          </tr>
        </thead>
        <tbody>
          {csv.columns.map((column, i) => (
            <tr key={String(i)} class={used.has(i) || i === target ? undefined : 'unused'}>
              <td>
                <input
                  type="checkbox"
                  id={`use-${i}`}
                  checked={used.has(i) || i === target}
                  disabled={i === target}
                  onChange={({ currentTarget }) => onUse(i, currentTarget.checked)}
                />
              </td>
              <th scope="row">
                <label for={`use-${i}`}>
                  <span class="unseen">use </span>
                  <Name of={column.name} most={80} />
                </label>
              </th>
              <td>
                {column.samples.map((sample, k) => (
                  <span key={String(k)}>
                    {k > 0 ? ', ' : ''}
                    {sample === '' ? <em>empty</em> : <Name of={sample} most={24} />}
                  </span>
                ))}
              </td>
              <td>
                {i === target ? <strong>target: what is predicted. </strong> : null}
                {fate(column, csv.rows, used.has(i), i === target, model)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** A column with a number in fewer rows than this is left out at first: it would take most rows with it. */
const MIN_NUMBERS = 0.5;

/** Whether a training is better off without the column. */
export function isUseless({ numbers }: CsvColumn, rows: number): boolean {
  return numbers < MIN_NUMBERS * rows;
}

function fate(column: CsvColumn, rows: number, isUsed: boolean, isTarget: boolean, model: Model | null) {
  const { numbers, others, otherSample, min, max, name } = column;
  if (!isUsed && !isTarget) {
    if (isUseless(column, rows)) return <>left out: no number in {percent(others / Math.max(1, rows))} of rows</>;
    return <>left out by you</>;
  }
  const notes = [];
  if (others > 0) {
    notes.push(
      <>
        {counted(others, 'row')} without a number
        {otherSample ? (
          <>
            , such as <Name of={otherSample} most={24} />
          </>
        ) : (
          ', empty'
        )}
        : left out
      </>,
    );
  }
  if (numbers > 0 && min === max) notes.push(<>always {figure(min)}: nothing can be learned from it</>);
  if (model && !isTarget && !model.features.includes(name)) notes.push(<>not among the serving model’s features</>);
  if (notes.length === 0)
    return isTarget ? null : (
      <>
        feature, {figure(min)} to {figure(max)}
      </>
    );
  return notes.map((note, i) => (
    <span key={String(i)}>
      {i > 0 ? '; ' : ''}
      {note}
    </span>
  ));
}

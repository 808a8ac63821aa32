import type { Model } from '../client/api.js';
import { counted, figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import { type CsvColumn, type CsvFile, droppedRows } from './csv-file.js';

export interface ColumnsTableProps {
  readonly csv: CsvFile;
  readonly target: number;
  /** Indices of the features. */
  readonly used: ReadonlySet<number>;
  readonly model: Model | null;
  readonly onUse: (column: number, use: boolean) => void;
}

/** The columns of a CSV file: which ones the training uses, which ones it leaves out, and why. */
export function ColumnsTable({ csv, target, used, model, onUse }: ColumnsTableProps) {
  const dropped = droppedRows(csv, new Set([...used, target]));
  return (
    <>
      <p>
        <strong>{counted(csv.rows - dropped, 'row')}</strong> with {counted(used.size, 'feature')}.{' '}
        {dropped > 0
          ? `${figure(dropped)} of ${counted(csv.rows, 'row')} left out because a selected column has no number.`
          : 'No rows are left out.'}
        {dropped > csv.rows / 2 ? ' That is more than half: the service will reject the file.' : ''}
      </p>
      <Table class="columns" caption="Columns of the file" head={['Use', 'Column', 'First values', 'Role']}>
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
                <Name of={column.name} max={80} />
              </label>
            </th>
            <td>
              {column.samples.map((sample, k) => (
                <span key={String(k)}>
                  {k > 0 ? ', ' : ''}
                  {sample === '' ? <em>empty</em> : <Name of={sample} max={24} />}
                </span>
              ))}
            </td>
            <td>
              {i === target ? <strong>target: the column to predict. </strong> : null}
              {describeRole(column, csv.rows, used.has(i), i === target, model)}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

/** Columns with a smaller share of numbers are initially left out, because using them would drop most rows. */
const MIN_NUMBER_SHARE = 0.5;

/** Returns whether the column should initially be left out. */
export function isUseless({ numbers }: CsvColumn, rows: number): boolean {
  return numbers < MIN_NUMBER_SHARE * rows;
}

function describeRole(column: CsvColumn, rows: number, isUsed: boolean, isTarget: boolean, model: Model | null) {
  const { numbers, others, otherSample, min, max, name } = column;
  if (!isUsed && !isTarget) {
    if (!isUseless(column, rows)) return 'left out by you';
    return `left out: no number in ${percent(others / Math.max(1, rows))} of rows`;
  }
  const notes = [];
  if (others > 0) {
    notes.push(
      <>
        {counted(others, 'row')} without a number
        {otherSample ? (
          <>
            , such as <Name of={otherSample} max={24} />
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
  if (notes.length === 0 && !isTarget) notes.push(`feature, ${figure(min)} to ${figure(max)}`);
  return notes.map((note, i) => (
    <span key={String(i)}>
      {i > 0 ? '; ' : ''}
      {note}
    </span>
  ));
}

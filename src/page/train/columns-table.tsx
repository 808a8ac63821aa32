import type { ComponentChildren } from 'preact';
import type { Model } from '../client/api.js';
import { counted, figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import type { ReportedColumn, TableFile } from './table-file.js';

/** Levels of a category that are shown. */
const MAX_LEVELS = 3;

export interface ColumnsTableProps {
  readonly table: TableFile;
  readonly target: string;
  /** Names of the features. */
  readonly used: ReadonlySet<string>;
  readonly model: Model | null;
  readonly onUse: (column: string, use: boolean) => void;
}

/** The columns of a file as the service has read them: which ones the training uses, which ones it leaves out, and why. */
export function ColumnsTable({ table, target, used, model, onUse }: ColumnsTableProps) {
  const { rows, columns } = table.report;
  const dropped = columns.find(({ name }) => name === target)?.missing ?? 0;
  return (
    <>
      <p>
        <strong>{counted(rows - dropped, 'row')}</strong> with {counted(used.size, 'feature')}.{' '}
        {dropped > 0
          ? `${figure(dropped)} of ${counted(rows, 'row')} left out because the target has no value.`
          : 'No rows are left out.'}
      </p>
      <Table class="columns" caption="Columns of the file" head={['Use', 'Column', 'Values', 'Role']}>
        {columns.map((column, i) => {
          const isTarget = column.name === target;
          const isUsed = used.has(column.name);
          return (
            <tr key={column.name} class={isUsed || isTarget ? undefined : 'unused'}>
              <td>
                <input
                  type="checkbox"
                  id={`use-${i}`}
                  checked={isUsed || isTarget}
                  disabled={isTarget}
                  onChange={({ currentTarget }) => onUse(column.name, currentTarget.checked)}
                />
              </td>
              <th scope="row">
                <label for={`use-${i}`}>
                  <span class="unseen">use </span>
                  <Name of={column.name} max={80} />
                </label>
              </th>
              <td>{describeValues(column)}</td>
              <td>
                {isTarget ? <strong>target: the column to predict. </strong> : null}
                {describeRole(column, isUsed, isTarget, model)}
              </td>
            </tr>
          );
        })}
      </Table>
    </>
  );
}

function describeValues({ type, range, levels, level_count, labels }: ReportedColumn): ComponentChildren {
  if (range) {
    const [from, to] = range.map((end) => (typeof end === 'number' ? figure(end, 4) : end));
    return `${type}, ${from} to ${to}`;
  }
  if (labels) {
    return (
      <>
        {type}, <Name of={labels.join(' or ')} max={40} />
      </>
    );
  }
  if (!levels) return type ?? '–';
  return (
    <>
      {type}, {counted(level_count ?? levels.length, 'level')}:{' '}
      {levels.slice(0, MAX_LEVELS).map(({ value }, i) => (
        <span key={value}>
          {i > 0 ? ', ' : ''}
          <Name of={value} max={24} />
        </span>
      ))}
      {(level_count ?? 0) > MAX_LEVELS ? '…' : ''}
    </>
  );
}

function describeRole(column: ReportedColumn, isUsed: boolean, isTarget: boolean, model: Model | null) {
  const { name, role, reason, missing, warnings } = column;
  if (!isUsed && !isTarget) return role === 'left_out' ? `left out: ${reason}` : 'left out by you';
  const notes: ComponentChildren[] = warnings.map((warning) => <>▲ {warning}</>);
  if (missing > 0)
    notes.push(
      isTarget ? `${counted(missing, 'row')} without a value: left out` : `${counted(missing, 'row')} without a value`,
    );
  if (model && !isTarget && !model.features.includes(name)) notes.push('not among the serving model’s features');
  if (notes.length === 0 && !isTarget) notes.push('feature');
  return notes.map((note, i) => (
    <span key={String(i)}>
      {i > 0 ? '; ' : ''}
      {note}
    </span>
  ));
}

import type { ComponentChildren } from 'preact';
import type { Model, TableReport } from '../client/api.js';
import { counted, figure, printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import { type ColumnType, type TableChoices, withType, withUse } from './table-choices.js';
import type { ReportedColumn } from './table-file.js';

/** Levels of a category that are shown. */
const MAX_LEVELS = 3;

const TYPES: readonly ColumnType[] = ['number', 'category', 'boolean', 'timestamp'];

export interface ColumnsTableProps {
  readonly report: TableReport;
  readonly choices: TableChoices;
  /** Names of the features. */
  readonly used: ReadonlySet<string>;
  readonly model: Model | null;
  readonly onChange: (choices: TableChoices) => void;
}

/** The columns of a file as the service has read them: which ones the training uses, what they are, which ones it leaves out, and why. */
export function ColumnsTable({ report, choices, used, model, onChange }: ColumnsTableProps) {
  const { columns } = report;
  const { target, types } = choices;
  const rows = report.rows + report.dropped;
  const dropped = columns.find(({ name }) => name === target)?.missing ?? 0;
  return (
    <>
      <p>
        <strong>{counted(rows - dropped, 'row')}</strong> with {counted(used.size, 'feature')}.{' '}
        {dropped > 0
          ? `${figure(dropped)} of ${counted(rows, 'row')} left out because the target has no value.`
          : 'No rows are left out.'}
      </p>
      <Table class="columns" caption="Columns of the file" head={['Use', 'Column', 'Type', 'Values', 'Role']}>
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
                  onChange={({ currentTarget }) => onChange(withUse(choices, column.name, currentTarget.checked))}
                />
              </td>
              <th scope="row">
                <label for={`use-${i}`}>
                  <span class="unseen">use </span>
                  <Name of={column.name} max={80} />
                </label>
              </th>
              <td>
                {isTarget ? (
                  'number'
                ) : (
                  <select
                    aria-label={`type of ${printable(column.name, 80)}`}
                    value={types.get(column.name) ?? ''}
                    onChange={({ currentTarget }) =>
                      onChange(
                        withType(
                          choices,
                          column.name,
                          TYPES.find((type) => type === currentTarget.value),
                        ),
                      )
                    }
                  >
                    <option value="">{types.has(column.name) ? 'as found' : (column.type ?? 'as found')}</option>
                    {TYPES.filter((type) => type !== column.type || types.has(column.name)).map((type) => (
                      <option key={type} value={type}>
                        {type}
                      </option>
                    ))}
                  </select>
                )}
              </td>
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

function describeValues({ range, levels, level_count, labels }: ReportedColumn): ComponentChildren {
  if (range) {
    const [from, to] = range.map((end) => (typeof end === 'number' ? figure(end, 4) : end));
    return `${from} to ${to}`;
  }
  if (labels) return <Name of={labels.join(' or ')} max={40} />;
  if (!levels) return '–';
  return (
    <>
      {counted(level_count ?? levels.length, 'level')}:{' '}
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
  if (role === 'refused') notes.push('▲ cannot be learned from as it is');
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

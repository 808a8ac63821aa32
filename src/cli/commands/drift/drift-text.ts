import type { ColumnReport } from '../../../drift/monitor/column-report.js';
import { figure, printable, textTable } from '../../terminal/text-table.js';
import type { FileDrift } from './file-monitor.js';

export interface DriftResult extends FileDrift {
  readonly model: string;
  readonly model_version: number | null;
  readonly file: string;
}

export const VERDICTS: Readonly<Record<FileDrift['verdict'], string>> = {
  drift: 'DRIFT',
  no_drift: 'no drift',
  cannot_tell: 'no drift, as far as it can be distinguished from the order of the rows',
  too_few_rows: 'too few rows to say: 50 are needed',
};

/** The verdict, and a table of the columns, as text. */
export function driftText(result: DriftResult): string {
  const { verdict, rows, model, baseline_rows, unreadable, unreadable_reason, alarms, columns } = result;
  const lines = [`${VERDICTS[verdict]}: ${rows} rows against ${baseline_rows} held-out rows of ${model}`];
  if (unreadable > 0)
    lines.push(`${unreadable} rows could not be read; the first: ${printable(unreadable_reason ?? '')}`);
  for (const { group, row, evidence } of alarms) {
    const cause = evidence?.columns[0];
    const words = cause ? `: ${printable(cause.name)}: ${printable(cause.words)}` : '';
    lines.push(`alarm of ${group.replaceAll('_', ' ')} by row ${row}${words}`);
  }
  if (columns.length === 0) return `${lines.join('\n')}\n`;
  const table = textTable(
    ['column', 'drift', 'score', 'limit', 'PSI', 'missing', 'what changed'],
    columns.map((column) => [
      ...[column.name, column.detected ? 'yes' : '', figure(column.score), figure(column.threshold)],
      ...[figure(column.psi), share(column.missing), changeOf(column)],
    ]),
    [2, 3, 4, 5],
  );
  return `${lines.join('\n')}\n\n${table}`;
}

/** What is known of a column's change, in words. */
export function changeOf({
  words,
  detected,
  mean_shift,
  below_range,
  above_range,
  new_level = 0,
}: ColumnReport): string {
  if (words || !detected) return words;
  const found = [
    ...(new_level > 0 ? [`${share(new_level)} new levels`] : []),
    ...(below_range + above_range > 0 ? [`${share(below_range + above_range)} out of range`] : []),
    ...(mean_shift === null ? [] : [`the mean is ${figure(mean_shift)} standard deviations from before`]),
  ];
  return found.join(', ');
}

export function share(value: number): string {
  return `${figure(100 * value)} %`;
}

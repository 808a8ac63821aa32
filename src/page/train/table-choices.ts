import type { Model, TableReport } from '../client/api.js';
import { listOf, type ReportedColumn } from './table-file.js';

export type ColumnType = NonNullable<ReportedColumn['type']>;

/** What a person says of a table. */
export interface TableChoices {
  readonly target: string;
  /** Columns not to learn from. */
  readonly excluded: ReadonlySet<string>;
  /** Types of columns whose values do not say what they are, by name. */
  readonly types: ReadonlyMap<string, ColumnType>;
  /** How a CSV, and the dates of any table, are written; empty where the cells decide. */
  readonly delimiter: string;
  readonly decimal: string;
  readonly dates: string;
}

/** The choices of a report that nobody has looked at. */
export function firstChoices({ columns }: TableReport, model: Model | null): TableChoices {
  // The target of the serving model if the file has it, or else the last column of numbers.
  const known = columns.find(({ name }) => model?.targets.includes(name));
  const last = columns.findLast(({ role, type }) => role === 'feature' && type === 'number');
  return {
    target: (known ?? last ?? columns[0])?.name ?? '',
    excluded: new Set(columns.filter(isLeftOut).map(({ name }) => name)),
    types: new Map(),
    delimiter: '',
    decimal: '',
    dates: '',
  };
}

/** Returns the choices with a type for a column, which is learned from then. */
export function withType(choices: TableChoices, name: string, type: ColumnType | undefined): TableChoices {
  const types = new Map(choices.types);
  if (type) types.set(name, type);
  else types.delete(name);
  return { ...choices, types, excluded: new Set([...choices.excluded].filter((each) => each !== name)) };
}

/** Returns the choices with a column to learn from, or not. */
export function withUse(choices: TableChoices, name: string, use: boolean): TableChoices {
  const others = [...choices.excluded].filter((each) => each !== name);
  return { ...choices, excluded: new Set(use ? others : [...others, name]) };
}

/** Adds the columns that the service leaves out now and did not leave out before. */
export function afterCheck(choices: TableChoices, before: TableReport, after: TableReport): TableChoices {
  const known = new Set(before.columns.filter(isLeftOut).map(({ name }) => name));
  const added = after.columns.filter((column) => isLeftOut(column) && !known.has(column.name));
  return { ...choices, excluded: new Set([...choices.excluded, ...added.map(({ name }) => name)]) };
}

/** The parameters that say how the table is read. */
export function readingQuery(choices: TableChoices): Record<string, string> {
  const { target, excluded, types, delimiter, decimal, dates } = choices;
  const typed = [...types].filter(([name]) => name !== target && !excluded.has(name));
  return {
    target: listOf([target]),
    ...(typed.length > 0 && { types: listOf(typed.map(([name, type]) => `${name}:${type}`)) }),
    ...(delimiter !== '' && { delimiter }),
    ...(decimal !== '' && { decimal }),
    ...(dates !== '' && { dates }),
  };
}

/** The parameters that name the columns to leave out, or all features if one of them would be left out otherwise. */
export function columnsQuery({ columns }: TableReport, { target, excluded }: TableChoices): Record<string, string> {
  const chosen = columns.filter(({ name }) => name !== target && !excluded.has(name));
  if (chosen.some(isLeftOut)) return { features: listOf(chosen.map(({ name }) => name)) };
  const dropped = columns.filter((column) => excluded.has(column.name) && column.name !== target && !isLeftOut(column));
  return dropped.length > 0 ? { drop: listOf(dropped.map(({ name }) => name)) } : {};
}

/** Returns why a training would be refused, as far as the report knows: not for columns that have another type by now, or are left out. */
export function problemsOf(
  { columns, problems }: TableReport,
  checked: TableChoices,
  { target, excluded, types }: TableChoices,
): string[] {
  const refused = columns.filter(({ role }) => role === 'refused');
  const settled = refused
    .filter(({ name }) => (excluded.has(name) && name !== target) || types.get(name) !== checked.types.get(name))
    .map(({ reason }) => reason);
  return problems.filter((problem) => !settled.includes(problem));
}

/** Returns a report whose columns are in the order of another one, as far as it has them. */
export function ordered(report: TableReport, like: TableReport): TableReport {
  const places = new Map(like.columns.map(({ name }, i) => [name, i]));
  const place = ({ name }: ReportedColumn) => places.get(name) ?? places.size;
  return { ...report, columns: report.columns.toSorted((a, b) => place(a) - place(b)) };
}

function isLeftOut({ role }: ReportedColumn): boolean {
  return role === 'left_out';
}

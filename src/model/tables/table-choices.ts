import { DomainError, show } from '../../base/domain-error.js';
import type { Column, ColumnType } from '../columns/column.js';
import type { DateOrder } from '../columns/times.js';
import type { Columns } from './columns.js';
import { listed } from './rows.js';

/** What the caller says of a table. It wins over what its cells look like. */
export interface TableChoices {
  /** The types of columns, by name. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** The only columns to learn from. None of them is left out. */
  readonly features?: readonly string[];
  /** Columns to leave out. */
  readonly drop?: readonly string[];
  /** Separates the cells of a CSV. */
  readonly delimiter?: string;
  /** The decimal mark of a CSV. */
  readonly decimal?: '.' | ',';
  /** The order of day, month and year in dates that are texts, beside that of ISO 8601. */
  readonly dates?: DateOrder;
  /** The encoding of a CSV, as in the parameter of its media type. */
  readonly charset?: string;
}

/** The columns of the model that serves, with their types. */
export interface ServingColumns extends Columns {
  readonly columns?: readonly Column[] | undefined;
}

/** A column that is not learned from, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/**
 * Returns the columns to be read, features and targets, and those that the caller leaves out. Throws `UNKNOWN_COLUMN` for a name that
 * is no column, or that is named both ways.
 */
export function chosenColumns(
  names: readonly string[],
  targets: readonly string[],
  { features, drop = [], types = {} }: TableChoices,
): { readonly names: readonly string[]; readonly leftOut: readonly LeftOut[] } {
  const known = new Set(names);
  const wanted: [string, readonly string[]][] = [
    ['features', features ?? []],
    ['drop', drop],
    ['types', Object.keys(types)],
  ];
  for (const [option, list] of wanted) {
    const unknown = list.find((name) => !known.has(name));
    if (unknown !== undefined)
      throw unknownColumn(`${option}: ${show(unknown)} is not a column; the columns are ${listed(names)}`);
  }
  const target = [...(features ?? []), ...drop].find((name) => targets.includes(name));
  if (target !== undefined)
    throw unknownColumn(`${show(target)} is the target, and cannot be a feature or be left out`);
  const both = features?.find((name) => drop.includes(name));
  if (both !== undefined) throw unknownColumn(`${show(both)} is both in features and in drop`);
  const isRead = (name: string) =>
    targets.includes(name) || (!drop.includes(name) && (features === undefined || features.includes(name)));
  const leftOut = names
    .filter((name) => !isRead(name))
    .map((name) => ({ name, reason: drop.includes(name) ? 'drop= leaves it out' : 'features= does not name it' }));
  return { names: names.filter(isRead), leftOut };
}

function unknownColumn(message: string): DomainError {
  return new DomainError('UNKNOWN_COLUMN', message);
}

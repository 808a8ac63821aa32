import { DomainError, show } from '../../base/domain-error.js';
import { invalidRows, listed } from './rows.js';

/** The columns of a table or a model, in order. */
export interface Columns {
  readonly features: readonly string[];
  readonly targets: readonly string[];
}

/** Returns the columns of a table in the order in which to write them. May throw to refuse them. */
export type ColumnOrder = (columns: Columns) => Columns;

/** The maximum number of columns. A wider table is a mistake or an attack: 30 hidden units cannot make use of it. */
export const MAX_COLUMNS = 1000;

/** The maximum length of a column's name. Names are repeated in the card, metrics, reports and the API's description. */
const MAX_NAME = 256;

/** Throws `UNKNOWN_COLUMN` if there are more than `MAX_COLUMNS`, or if a name is longer than `MAX_NAME`. */
export function checkColumns(names: readonly string[]): void {
  if (names.length > MAX_COLUMNS) {
    throw new DomainError('UNKNOWN_COLUMN', `expected at most ${MAX_COLUMNS} columns, got ${names.length}`);
  }
  const long = names.find(({ length }) => length > MAX_NAME);
  if (long === undefined) return;
  throw new DomainError(
    'UNKNOWN_COLUMN',
    `column ${show(long)}: expected a name of at most ${MAX_NAME} characters, got ${long.length}`,
  );
}

/** Returns only the columns of an object that holds more, such as a card. Use it before sending them to another process. */
export function columnsOf({ features, targets }: Columns): Columns {
  return { features, targets };
}

/** Splits a table's columns into features and targets. Throws `UNKNOWN_COLUMN` also if a target is named twice. */
export function splitColumns(columns: readonly string[], targets: readonly string[]): Columns {
  const known = new Set(columns);
  const targetNames = new Set<string>();
  for (const name of targets) {
    if (!known.has(name)) {
      throw new DomainError(
        'UNKNOWN_COLUMN',
        `target ${show(name)} is not a column; the columns are ${listed(columns)}`,
      );
    }
    if (targetNames.has(name)) throw new DomainError('UNKNOWN_COLUMN', `target ${show(name)} is named twice`);
    targetNames.add(name);
  }
  const features = columns.filter((name) => !targetNames.has(name));
  if (features.length === 0) {
    throw new DomainError('UNKNOWN_COLUMN', `there is no feature column besides the target ${listed(targets)}`);
  }
  return { features, targets };
}

/** Returns true if both have the same columns, in any order. */
export function sameColumns(a: Columns, b: Columns): boolean {
  return sameNames(a.features, b.features) && sameNames(a.targets, b.targets);
}

/**
 * Returns the columns of a training table in the order in which to write them: that of the serving model, if one serves.
 * Throws `FEATURES_CHANGED` if the columns differ, unless the new model is to `replace` the serving one.
 */
export function orderColumns(columns: Columns, serving: Columns | undefined, replace: boolean): Columns {
  if (!serving || (replace && !sameColumns(columns, serving))) return columns;
  return orderLike(serving, columns);
}

/** Returns the columns in the model's order. Throws `FEATURES_CHANGED` if they differ; `advice` ends the message. */
export function orderLike(model: Columns, columns: Columns, advice?: string): Columns {
  if (sameColumns(columns, model)) return columnsOf(model);
  throw changed(model, columns, advice);
}

/** Returns true if both have the same columns in the same order. */
export function equalColumns(a: Columns, b: Columns): boolean {
  const inOrder = ({ features, targets }: Columns) => JSON.stringify([features, targets]);
  return inOrder(a) === inOrder(b);
}

/**
 * Returns the index of each feature among `columns`, which may have more. Throws `INVALID_ROWS` if a feature is missing, or there
 * twice. `place` is the client's name for the columns.
 */
export function placesOf(features: readonly string[], columns: readonly string[], place = 'columns'): number[] {
  const places = new Map<string, number>();
  const known = new Set(features);
  columns.forEach((name, i) => {
    if (known.has(name) && places.has(name)) throw invalidRows(`${place}: feature ${show(name)} is there twice`);
    places.set(name, i);
  });
  const missing = features.filter((name) => !places.has(name));
  if (missing.length > 0) {
    const verb = missing.length === 1 ? `feature ${show(missing[0])} is` : `features ${listed(missing)} are`;
    throw invalidRows(`${place}: ${verb} missing; the columns are ${listed(columns)}`);
  }
  return features.map((name) => places.get(name)!);
}

/** Returns the error for rows whose columns are not the model's. `advice` ends the message. */
export function changed(model: Columns, { features, targets }: Columns, advice?: string): DomainError {
  return new DomainError(
    'FEATURES_CHANGED',
    `the serving model predicts ${listed(model.targets)} from ${listed(model.features)}, but these rows have ` +
      `${listed(targets)} from ${listed(features)}${advice ? `; ${advice}` : ''}`,
  );
}

/** Returns true if both are the same names, in any order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

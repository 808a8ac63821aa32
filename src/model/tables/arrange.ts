import { DomainError } from '../../base/domain-error.js';
import { listed } from './rows.js';
import { type Arrange, type Columns, columnsOf } from './table-file.js';

/** Whether two have the same columns, in whatever order. */
export function sameColumns(a: Columns, b: Columns): boolean {
  return sameNames(a.features, b.features) && sameNames(a.targets, b.targets);
}

/** Gives the columns that were found the order of the serving model's. Throws `FEATURES_CHANGED`, with `advice`, if they are others. */
export function arrangeLike(model: Columns, found: Columns, advice: string): Columns {
  if (sameColumns(found, model)) return columnsOf(model);
  throw changed(model, found, advice);
}

/** Refuses columns that are others than the serving model's, or in another order: `FEATURES_CHANGED`, with `advice`. */
export function assertColumns(model: Columns, found: Columns, advice: string): void {
  const inOrder = ({ features, targets }: Columns) => JSON.stringify([features, targets]);
  if (inOrder(found) !== inOrder(model)) throw changed(model, found, advice);
}

function changed(model: Columns, found: Columns, advice: string): DomainError {
  return new DomainError(
    'FEATURES_CHANGED',
    `the serving model predicts ${listed(model.targets)} from ${listed(model.features)}, these rows give ` +
      `${listed(found.targets)} from ${listed(found.features)}; ${advice}`,
  );
}

/** Gives the columns the order of the model that serves, if one does; others are refused unless it is to be replaced. */
export function arrangeUnlessReplaced(model: Columns | undefined, replace: boolean): Arrange {
  return (found) => {
    if (!model || (replace && !sameColumns(found, model))) return found;
    return arrangeLike(model, found, '?replace=true replaces the model');
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

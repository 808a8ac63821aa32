import { type DomainError, show } from '../../base/domain-error.js';
import { codeOfText, codeOfValue, expectedOf, Uncodable } from '../columns/coding.js';
import type { Column } from '../columns/column.js';
import { valueCoders } from '../columns/value-coder.js';
import { invalidRows } from './rows.js';

/** The properties of a model that a reader of rows needs: plain data, so that they can be sent to a thread. */
export interface RowModel {
  readonly features: readonly string[];
  /** One for each feature; undefined if all are numbers, written plainly and without gaps in the training. */
  readonly columns?: readonly Column[] | undefined;
  readonly maxRows: number;
  /** Whether any feature may be missing, also one that was never missing in the training. */
  readonly allowMissing: boolean;
}

/** The parts of a card that say what comes in. */
interface Card {
  readonly features: readonly string[];
  readonly columns?: readonly Column[] | undefined;
}

/** Returns what a reader needs of a version. */
export function rowModelOf({ features, columns }: Card, limits: Pick<RowModel, 'maxRows' | 'allowMissing'>): RowModel {
  const { maxRows, allowMissing } = limits;
  const arePlain = columns?.every(isPlain) ?? true;
  return arePlain ? { features, maxRows, allowMissing } : { features, columns, maxRows, allowMissing };
}

/** Returns true if every feature is a number, so that rows of numbers need no coding. */
export function isNumeric({ columns }: Pick<RowModel, 'columns'>): boolean {
  return columns === undefined || columns.every(isNumber);
}

/** Returns true for a number in plain notation that the training never missed. */
function isPlain(column: Column): boolean {
  return column.type === 'number' && !column.notation && column.missing === 0;
}

function isNumber({ type }: Column): boolean {
  return type === 'number';
}

/** Returns true if a feature may be missing: where the training had gaps, a gap is a value like others. */
export function mayMiss(
  { columns, allowMissing }: Pick<RowModel, 'columns' | 'allowMissing'>,
  feature: number,
): boolean {
  return allowMissing || (columns !== undefined && columns[feature]!.missing > 0);
}

/**
 * Returns the code of a feature's JSON value. Throws `INVALID_ROWS`. `place` names the value in the error; if that does not name the
 * feature, the error does.
 */
export function codeValue(
  model: RowModel,
  feature: number,
  value: unknown,
  place: () => string,
  isNamed = true,
): number {
  const code = model.columns ? valueCoders(model.columns)[feature]!.code(value) : codeOfValue(NUMBER, value);
  if (typeof code === 'number' && (!Number.isNaN(code) || mayMiss(model, feature))) return code;
  throw refuse(model, feature, code, value ?? null, place(), isNamed);
}

/** Returns the code of a feature's cell in a file of text. Throws as `codeValue`. */
export function codeText(model: RowModel, feature: number, text: string, place: () => string, isNamed = true): number {
  const code = codeOfText(columnOf(model, feature), text);
  if (typeof code === 'number' && (!Number.isNaN(code) || mayMiss(model, feature))) return code;
  // As every format names an empty cell.
  throw refuse(model, feature, code, text.trim() === '' ? null : text, place(), isNamed);
}

/** A number without gaps, as every feature is of a model without columns. */
const NUMBER: Column = { type: 'number', name: 'number', missing: 0, range: [0, 0] };

function columnOf({ columns }: RowModel, feature: number): Column {
  return columns === undefined ? NUMBER : columns[feature]!;
}

function refuse(
  model: RowModel,
  feature: number,
  code: number | Uncodable,
  value: unknown,
  place: string,
  isNamed: boolean,
): DomainError {
  const expected = code instanceof Uncodable ? code.expected : expectedOf(columnOf(model, feature));
  const name = isNamed ? '' : ` as ${show(model.features[feature])}`;
  // Clients of models of numbers alone know the message without advice.
  const isGap = !(code instanceof Uncodable) && model.columns !== undefined;
  const why = isGap ? '; it was never missing in the training, and only ON_MISSING=mean takes it' : '';
  return invalidRows(`${place}: expected ${expected}${name}, got ${show(value)}${why}`);
}

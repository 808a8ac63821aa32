import { DomainError, show } from '../../base/domain-error.js';
import { isFloat32, listed } from './rows.js';

/** Where each feature is among the columns that were found. Throws `INVALID_ROWS` unless they are just the features. */
export function placesOf(features: readonly string[], found: readonly string[]): number[] {
  const places = new Map(found.map((name, i) => [name, i]));
  const missing = features.find((name) => !places.has(name));
  if (missing !== undefined) throw invalid(`columns: feature ${show(missing)} is missing; there are ${listed(found)}`);
  if (found.length > features.length) {
    const known = new Set(features);
    const unknown = found.find((name) => !known.has(name));
    throw invalid(`columns: unknown feature ${show(unknown)}; the model has ${listed(features)}`);
  }
  return features.map((name) => places.get(name)!);
}

/** A value for a row; NaN is a missing one. Throws `INVALID_ROWS` if it is none that the model can take. */
export function checkValue(value: number, row: number, feature: string, allowMissing: boolean): number {
  if (isFloat32(value) || (Number.isNaN(value) && allowMissing)) return value;
  const found = Number.isNaN(value) ? 'null' : show(value);
  throw invalid(`instances[${row}][${show(feature)}]: expected a finite number, got ${found}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}

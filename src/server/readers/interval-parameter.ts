import { show } from '../../base/domain-error.js';
import { isObject } from '../../base/json/parse-json.js';
import { LEVELS, readLevel } from '../../model/intervals/level.js';
import type { Rows } from '../../model/tables/rows.js';
import { invalidRequest } from './row-list.js';

/**
 * Adds the level of the prediction intervals that the parameters of a body ask for, if they do. All other parameters have no meaning
 * for this model. `place` is the client's name for them. Throws `INVALID_REQUEST`.
 */
export function withInterval<R extends Rows>(rows: R, parameters: unknown, place: string): R & { interval?: number } {
  const value = isObject(parameters) ? (parameters['interval'] ?? undefined) : undefined;
  return value === undefined ? rows : { ...rows, interval: intervalOf(value, place) };
}

/** Reads a level. Throws `INVALID_REQUEST`. */
export function intervalOf(value: unknown, place: string): number {
  const level = readLevel(value);
  if (level === undefined) throw invalidRequest(`${place}.interval: expected ${LEVELS}, got ${show(value)}`);
  return level;
}

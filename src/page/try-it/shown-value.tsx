import { figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import type { Value } from './fields.js';

/** An input as it was entered. */
export function shownValue(value: Value) {
  if (typeof value === 'number') return figure(value, 4);
  return value === null ? 'no value' : <Name of={String(value)} max={40} />;
}

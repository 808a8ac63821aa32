import { isObject } from '../../base/json/json-value.js';

/** Elements of an array that are kept: more than any schema counts. */
const KEPT = 1024;

/**
 * A JSON value without what makes it large: of an object's arrays the first elements, and neither objects nor
 * arrays in them. A schema that does not look into the elements of its arrays judges it like the whole.
 */
export function outline(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? [] : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, Array.isArray(part) ? shorten(part) : flatten(part)]),
  );
}

function shorten(array: readonly unknown[]): unknown[] {
  return array.slice(0, KEPT).map(flatten);
}

function flatten(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  return isObject(value) ? {} : value;
}

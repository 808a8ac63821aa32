import { isObject } from '../../base/json/parse-json.js';

/** Elements that an outlined array retains: more than any schema limits. */
const MAX_ELEMENTS = 1024;

/**
 * Returns a JSON value without what makes it large: an object's arrays are cut to their first elements, and nested objects
 * and arrays are emptied. A schema that does not look into the elements of arrays validates the outline like the whole.
 */
export function outline(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? [] : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, Array.isArray(part) ? shorten(part) : flatten(part)]),
  );
}

function shorten(array: readonly unknown[]): unknown[] {
  return array.slice(0, MAX_ELEMENTS).map(flatten);
}

function flatten(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  return isObject(value) ? {} : value;
}

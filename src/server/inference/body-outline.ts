import { isObject } from '../../base/json/parse-json.js';

/** Elements that an outlined array or object retains: more than any schema limits. */
const MAX_ELEMENTS = 1024;

/**
 * Returns a JSON value without what makes it large: an object's arrays and objects are cut to their first elements, and what is
 * nested in these is emptied. A schema that does not look into the elements of arrays validates the outline like the whole.
 */
export function outline(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? [] : value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shorten(part)]));
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, MAX_ELEMENTS).map(flatten);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).slice(0, MAX_ELEMENTS);
  return Object.fromEntries(entries.map(([key, part]) => [key, flatten(part)]));
}

function flatten(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  return isObject(value) ? {} : value;
}

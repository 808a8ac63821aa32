import { DomainError, show } from '../domain-error.js';
import { checkJson, endOfString, isObject, parseJson, textOf } from './parse-json.js';

/**
 * Parses JSON that must be an object. Throws `INVALID_JSON`, what `checkJson` throws, and `INVALID_REQUEST` also for a duplicate
 * key: parsers disagree on which of the two counts.
 */
export function readJsonObject(
  json: Uint8Array,
  parse: (text: string) => unknown = parseJson,
): Record<string, unknown> {
  checkJson(json);
  const text = textOf(json);
  const value = parse(text);
  if (!isObject(value)) throw new DomainError('INVALID_REQUEST', `JSON: expected an object, got ${show(value)}`);
  // Without duplicates there are as many keys as colons. Counting both is cheaper than searching.
  const duplicate = countColons(text) > countKeys(value) ? findDuplicate(text) : undefined;
  if (duplicate !== undefined) {
    throw new DomainError('INVALID_REQUEST', `JSON: key ${show(duplicate)} appears twice in one object`);
  }
  return value;
}

const QUOTE = 0x22;
const COLON = 0x3a;

function countColons(text: string): number {
  let colons = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (character === COLON) colons++;
  }
  return colons;
}

/** Not recursive: JSON.parse reads values that are nested too deeply for the stack. */
function countKeys(value: object): number {
  let keys = 0;
  const pending: object[] = [value];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const values = Array.isArray(next) ? next : Object.values(next);
    if (values !== next) keys += values.length;
    for (const each of values) if (typeof each === 'object' && each !== null) pending.push(each);
  }
  return keys;
}

function findDuplicate(text: string): string | undefined {
  const open: Set<string>[] = [];
  let latest = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      latest = text.slice(at, end + 1);
      at = end;
    } else if (character === '{') open.push(new Set());
    else if (character === '}') {
      open.pop();
      // The value is complete; ignore what follows.
      if (open.length === 0) return undefined;
    } else if (character === ':') {
      const key = JSON.parse(latest) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

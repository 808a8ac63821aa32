import { DomainError, show } from '../domain-error.js';
import { isObject } from './json-value.js';
import { endOfString, readJson } from './parse-json.js';

/**
 * Parses a body that must be a JSON object. A key that is there twice is refused: which one counts depends on who reads.
 * Throws `INVALID_JSON` and `INVALID_REQUEST`.
 */
export function readJsonObject(body: Uint8Array, parse: (text: string) => unknown = readJson): Record<string, unknown> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const value = parse(text);
  if (!isObject(value)) throw new DomainError('INVALID_REQUEST', `body: expected an object, got ${show(value)}`);
  // Cheaper than to look for them: an object has as many keys as its text has colons.
  const twice = countColons(text) > countKeys(value) ? findDuplicate(text) : undefined;
  if (twice !== undefined) {
    throw new DomainError('INVALID_REQUEST', `body: key ${show(twice)} is there twice in one object`);
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

/** Not recursive: JSON.parse reads values nested more deeply than the stack is. */
function countKeys(value: object): number {
  let keys = 0;
  const left: object[] = [value];
  for (let next = left.pop(); next; next = left.pop()) {
    const values = Array.isArray(next) ? next : Object.values(next);
    if (values !== next) keys += values.length;
    for (const each of values) if (typeof each === 'object' && each !== null) left.push(each);
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
      // What follows the value is nobody's.
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

import { createHash, randomBytes } from 'node:crypto';

/** `rr_`, the id of the key, and its secret: 256 random bits as base64url. The prefix lets scanners find keys that have leaked. */
const KEY_TEXT = /^rr_([a-z0-9]{4,32})_[\w-]{43}$/;
const PREFIX = 'rr_';

export interface NewKey {
  readonly id: string;
  /** The key itself, of which only the hash is stored. */
  readonly text: string;
}

export function createKey(): NewKey {
  const id = randomBytes(6).toString('hex');
  return { id, text: `${PREFIX}${id}_${randomBytes(32).toString('base64url')}` };
}

/** The id in a key; undefined for a text that is no key. */
export function keyId(text: string): string | undefined {
  return KEY_TEXT.exec(text)?.[1];
}

/** Whether a text is meant as a key, well formed or not. */
export function isMeantAsKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** SHA-256 of a key's whole text. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Returns a text that a client chose, such as a path, with every key in it cut down to its id. */
export function withoutKeys(text: string): string {
  return text.replace(/\b(rr_[A-Za-z0-9]+)_[\w-]+/g, '$1_…');
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { KeyRecord } from '../../src/server/access/keys/key-record.js';
import { createKey, digestOf } from '../../src/server/access/keys/key-text.js';
import type { Scope } from '../../src/server/access/scopes.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A key with the line that stores it. */
export interface MadeKey {
  readonly text: string;
  readonly record: KeyRecord;
  /** Headers that carry it. */
  readonly headers: { readonly authorization: string };
}

/** Makes a key; valid and without an expiry unless `changes` say otherwise. */
export function makeKey(scopes: readonly Scope[], changes: Partial<KeyRecord> = {}): MadeKey {
  const { id, text } = createKey();
  const record: KeyRecord = {
    id,
    name: scopes.join('+'),
    sha256: digestOf(text).toString('hex'),
    scopes: [...scopes],
    created: '2026-01-01T00:00:00.000Z',
    expires: null,
    revoked: null,
    ...changes,
  };
  return { text, record, headers: { authorization: `Bearer ${text}` } };
}

/** Writes a key file into a directory of its own, and returns its path. */
export function writeKeys(t: TestContext, keys: readonly MadeKey[]): string {
  const path = join(temporaryDirectory(t), 'keys');
  writeFileSync(path, keyLines(keys));
  return path;
}

export function keyLines(keys: readonly MadeKey[]): string {
  return keys.map(({ record }) => `${JSON.stringify(record)}\n`).join('');
}

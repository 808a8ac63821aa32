import { existsSync } from 'node:fs';
import { DomainError, show } from '../../base/domain-error.js';
import { appendToKeyFile, readKeyFile } from '../../server/access/keys/key-file.js';
import { type KeyRecord, NAME, stateOf } from '../../server/access/keys/key-record.js';
import { createKey, digestOf } from '../../server/access/keys/key-text.js';
import { isScope, SCOPES, type Scope } from '../../server/access/scopes.js';

/** Days for which a key is valid unless `--expires` says otherwise. */
const DEFAULT_DAYS = 365;
const DAY = 86_400_000;
const CERTIFICATE = /^((CN=|DNS:|URI:|email:)[^",]+|([0-9A-F]{2}:){31}[0-9A-F]{2})$/;

export interface Terms {
  readonly name: string | undefined;
  readonly scopes: string | undefined;
  readonly expires: string | undefined;
}

/** Makes a key and adds it to the file. Throws `INVALID_REQUEST`. */
export function createKeyRecord(file: string, terms: Terms): { record: KeyRecord; text: string } {
  const { id, text } = createKey();
  const record = { ...recordOf(id, terms), sha256: digestOf(text).toString('hex') };
  add(file, record);
  return { record, text };
}

/** Adds a certificate to the file, by one of its names. Throws `INVALID_REQUEST`. */
export function createCertificateRecord(
  file: string,
  terms: Terms,
  certificate: string,
): { record: KeyRecord; text: undefined } {
  if (!CERTIFICATE.test(certificate)) {
    const expected = 'CN=<name>, DNS:<name>, URI:<name>, email:<address> or a SHA-256 fingerprint (AB:CD:…)';
    throw new DomainError('INVALID_REQUEST', `--certificate: expected ${expected}, got ${show(certificate)}`);
  }
  const record = { ...recordOf(createKey().id, terms), certificate };
  add(file, record);
  return { record, text: undefined };
}

/** Returns the names of the columns of a table of all records, then the records in the order in which they were made. */
export function keyRows(file: string): string[][] {
  const rows = readKeyFile(file).map((record) => {
    const { id, name, certificate, scopes, created, expires, revoked } = record;
    const until = revoked === null ? (expires ?? 'never') : revoked;
    return [id, stateOf(record), until, created, scopes.join(','), name, certificate ?? ''];
  });
  return [['id', 'state', 'expires/revoked', 'created', 'scopes', 'name', 'certificate'], ...rows];
}

/** Returns that table as text. */
export function list(file: string): string {
  const all = keyRows(file);
  const widths = all[0]!.map((_, j) => Math.max(...all.map((row) => row[j]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, j) => cell.padEnd(widths[j]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Revokes a key, by its id. Throws `INVALID_REQUEST`. */
export function revoke(file: string, id: string): string {
  const record = readKeyFile(file).find((each) => each.id === id);
  if (!record) throw new DomainError('INVALID_REQUEST', `${file} has no key ${show(id)}; see: keys list`);
  if (record.revoked !== null) return `${id} (${record.name}) was revoked: ${record.revoked}`;
  const revoked = new Date().toISOString();
  write(file, { id, revoked });
  return `${id} (${record.name}) is revoked`;
}

function recordOf(id: string, { name, scopes, expires }: Terms): Omit<KeyRecord, 'sha256' | 'certificate'> {
  if (!name || !new RegExp(NAME).test(name))
    throw new DomainError('INVALID_REQUEST', '--name: expected 1 to 100 printable characters');
  const created = new Date();
  return {
    id,
    name,
    scopes: scopesIn(scopes),
    created: created.toISOString(),
    expires: expiryOf(expires, created),
    revoked: null,
  };
}

function scopesIn(text = ''): Scope[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isScope(name));
  if (unknown === undefined) return names as Scope[];
  throw new DomainError('INVALID_REQUEST', `--scopes: expected ${SCOPES.join(', ')}, got ${show(unknown)}`);
}

/** Returns when a key expires, as ISO 8601: after days (`90d`), on a date, or, as null, never. */
function expiryOf(text = `${DEFAULT_DAYS}d`, created: Date): string | null {
  if (text === 'never') return null;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const time = days === undefined ? Date.parse(text) : created.getTime() + Number(days) * DAY;
  if (time > created.getTime()) return new Date(time).toISOString();
  throw new DomainError(
    'INVALID_REQUEST',
    `--expires: expected days such as 90d, a later date, or never, got ${show(text)}`,
  );
}

/** Adds a record, unless the file has been damaged: the service would not read it. */
function add(file: string, record: KeyRecord): void {
  if (existsSync(file)) readKeyFile(file);
  write(file, record);
}

function write(...[file, line]: Parameters<typeof appendToKeyFile>): void {
  try {
    appendToKeyFile(file, line);
  } catch (error) {
    throw new DomainError('INVALID_REQUEST', `${file} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

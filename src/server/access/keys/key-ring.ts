import { timingSafeEqual } from 'node:crypto';
import { Rejection } from '../authenticator.js';
import type { Principal } from '../principal.js';
import { scopesOf } from '../scopes.js';
import { type KeyRecord, type KeyState, stateOf } from './key-record.js';
import { digestOf, keyId } from './key-text.js';

interface Entry {
  readonly record: KeyRecord;
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Compared with keys that have an unknown id, so that these take as long. */
const NO_DIGEST = Buffer.alloc(32);

/** The records of the key file, by id, by secret and by certificate. */
export class KeyRing {
  private entries: ReadonlyMap<string, Entry> = new Map();
  private readonly listeners: (() => void)[] = [];

  /** Replaces all records. */
  set(records: readonly KeyRecord[]): void {
    this.entries = new Map(records.map((record) => [record.id, entryOf(record)]));
    for (const listener of this.listeners) listener();
  }

  /** Calls `listener` after each change: what was derived from the former records is not valid any more. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Returns the principal of a key. Takes as long for a key with a wrong secret as for one with an unknown id. */
  find(text: string): Principal | Rejection {
    const id = keyId(text);
    if (id === undefined) return new Rejection('malformed', 'the API key is not complete: expected rr_<id>_<secret>');
    const entry = this.entries.get(id);
    const isEqual = timingSafeEqual(digestOf(text), entry?.digest ?? NO_DIGEST);
    if (!entry || !isEqual) return new Rejection('wrong', 'the API key is unknown');
    return checked(entry);
  }

  /** Returns the principal of a record, by its id: for what outlives a request. */
  principal(id: string): Principal | Rejection {
    const entry = this.entries.get(id);
    return entry ? checked(entry) : new Rejection('wrong', `there is no key ${id} any more`);
  }

  /** Returns the principal of the first record that names one of these properties of a certificate. */
  findCertificate(names: ReadonlySet<string>): Principal | Rejection | undefined {
    for (const entry of this.entries.values()) {
      const { certificate } = entry.record;
      if (certificate !== undefined && names.has(certificate)) return checked(entry);
    }
    return undefined;
  }

  /** Number of records by state. */
  count(now = Date.now()): Record<KeyState, number> {
    const counts = { valid: 0, expired: 0, revoked: 0 };
    for (const { record } of this.entries.values()) counts[stateOf(record, now)]++;
    return counts;
  }

  /** Time in milliseconds since 1970 at which the first of the valid records expires; undefined if none does. */
  nextExpiry(now = Date.now()): number | undefined {
    const times = Array.from(this.entries.values())
      .filter(({ record }) => record.expires !== null && stateOf(record, now) === 'valid')
      .map(({ record }) => Date.parse(record.expires!));
    return times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : undefined;
  }
}

function entryOf(record: KeyRecord): Entry {
  const { id, name, sha256, certificate, scopes, expires } = record;
  const kind = certificate === undefined ? 'key' : 'certificate';
  return {
    record,
    digest: sha256 === undefined ? NO_DIGEST : Buffer.from(sha256, 'hex'),
    principal: Object.freeze({
      id: `${kind}:${id}`,
      kind,
      name,
      scopes: scopesOf(scopes),
      expires: expires === null ? undefined : Date.parse(expires),
    }),
  };
}

function checked({ record, principal }: Entry): Principal | Rejection {
  const state = stateOf(record);
  if (state === 'valid') return principal;
  const time = state === 'revoked' ? record.revoked : record.expires;
  const what = record.certificate === undefined ? 'the API key' : 'the record of the certificate';
  return new Rejection(state, `${what} ${record.id} ${state === 'revoked' ? 'was revoked' : 'has expired'}: ${time}`);
}

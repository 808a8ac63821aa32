import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError } from '../../../base/domain-error.js';
import { SCOPES } from '../scopes.js';

/** A name without control characters. */
export const NAME = '^[^\\u0000-\\u001f\\u007f-\\u009f]{1,100}$';

const Time = Type.Union([Type.String({ maxLength: 40 }), Type.Null()]);

/** A line of the key file: who may do what. Of a key, only the hash is stored. */
export const KeyRecord = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9]{4,32}$' }),
    /** For logs. */
    name: Type.String({ pattern: NAME }),
    /** SHA-256 of the key's whole text, in hexadecimal. A key holds 256 random bits, so no slow hash is needed. */
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    /** Instead of a key: what identifies a client's certificate, as `certificateNames` returns it. */
    certificate: Type.Optional(Type.String({ minLength: 4, maxLength: 1000 })),
    scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1 }),
    created: Type.String({ maxLength: 40 }),
    expires: Time,
    revoked: Time,
  },
  { additionalProperties: false },
);
export type KeyRecord = Static<typeof KeyRecord>;

/** A later line, by which a record is revoked. */
const Revocation = Type.Object(
  { id: KeyRecord.properties.id, revoked: Type.String() },
  { additionalProperties: false },
);

/**
 * Reads the text of a key file: a JSON object a line. Lines are only added, so that several programs can write at once, and a
 * file that is mounted alone can be written. Throws `INVALID_REQUEST`, naming the line, but never quoting it.
 */
export function readKeyRecords(text: string): KeyRecord[] {
  const records = new Map<string, KeyRecord>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const refuse = (reason: string) => new DomainError('INVALID_REQUEST', `line ${i + 1}: ${reason}`);
    const parsed = parse(line);
    if (Value.Check(Revocation, parsed)) {
      const record = records.get(parsed.id);
      if (!record) throw refuse(`there is no earlier line with the id ${parsed.id}, to be revoked`);
      if (Number.isNaN(Date.parse(parsed.revoked))) throw refuse('revoked: expected an ISO 8601 time');
      records.set(parsed.id, { ...record, revoked: parsed.revoked });
      continue;
    }
    if (!Value.Check(KeyRecord, parsed)) {
      const [error] = Value.Errors(KeyRecord, parsed);
      throw refuse(
        parsed === undefined
          ? 'not a JSON object'
          : `${error?.instancePath.slice(1) || 'the record'} ${error?.message}`,
      );
    }
    if ((parsed.sha256 === undefined) === (parsed.certificate === undefined)) {
      throw refuse('expected either sha256 or certificate');
    }
    for (const key of ['created', 'expires', 'revoked'] as const) {
      const time = parsed[key];
      if (time !== null && Number.isNaN(Date.parse(time))) throw refuse(`${key}: expected an ISO 8601 time`);
    }
    if (records.has(parsed.id)) throw refuse(`the id ${parsed.id} is used twice`);
    records.set(parsed.id, parsed);
  }
  return Array.from(records.values());
}

export type KeyState = 'valid' | 'expired' | 'revoked';

/** The state of a record at a time in milliseconds since 1970. */
export function stateOf({ revoked, expires }: KeyRecord, now = Date.now()): KeyState {
  if (revoked !== null) return 'revoked';
  return expires !== null && Date.parse(expires) <= now ? 'expired' : 'valid';
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

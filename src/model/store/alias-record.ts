import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { nullable } from '../../base/json/nullable.js';
import { ALIAS_NAMES, type Aliases, type AliasName } from './aliases.js';
import type { Ledger } from './ledger.js';

const Version = nullable(Type.Integer({ minimum: 1 }));
const Record = Type.Object({
  production: Version,
  candidate: Version,
  previous: Version,
  removing: Type.Array(Type.Integer({ minimum: 1 })),
});

/** Stored form of the aliases, with the versions that are being removed: no alias may name these any more. */
export type AliasRecord = Aliases & Static<typeof Record>;

/** Returns the newest readable record under the newest number, which the next change must follow. */
export async function readRecord(ledger: Ledger): Promise<AliasRecord> {
  const numbers = (await ledger.numbers()).reverse();
  const generation = numbers[0] ?? 0;
  for (const number of numbers) {
    const value = parse(await ledger.read(number));
    if (Value.Check(Record, value)) return { ...value, generation };
  }
  return { generation, production: null, candidate: null, previous: null, removing: [] };
}

/** Appends a record after the one that was read. Returns false if another process was faster. */
export function appendRecord(ledger: Ledger, { generation, ...record }: AliasRecord): Promise<boolean> {
  return ledger.take(generation + 1, JSON.stringify(record));
}

/** Returns the alias that names a version, if any. */
export function aliasOf(aliases: Aliases, version: number): AliasName | undefined {
  return ALIAS_NAMES.find((name) => aliases[name] === version);
}

function parse(content: string | undefined): unknown {
  try {
    return JSON.parse(content ?? '');
  } catch {
    return undefined;
  }
}

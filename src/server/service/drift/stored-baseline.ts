import type { FastifyBaseLogger } from 'fastify';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError } from '../../../base/domain-error.js';
import { nullable } from '../../../base/json/nullable.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import type { FileStore } from '../../../model/store/file-store.js';
import type { Card } from '../../../model/versions/card.js';
import { readBaselineOf } from '../../../model/versions/version-baseline.js';

type Log = Pick<FastifyBaseLogger, 'error'>;

/** The origin of a baseline. */
export const BaselineOrigin = Type.Object({
  version: Type.Integer({
    minimum: 0,
    description: '0 for the baseline of the training; each re-baseline adds one',
  }),
  created_at: Type.String({ description: 'ISO 8601, UTC' }),
  reason: nullable(Type.String(), { description: 'why it replaced the baseline before it; null for the first' }),
  from: nullable(Type.String(), { description: 'time of its oldest row if it was made from traffic' }),
});
export type BaselineOrigin = Static<typeof BaselineOrigin>;

const Document = Type.Object({
  model: Type.String({ description: 'checksum of the card of its version' }),
  origin: BaselineOrigin,
  baseline: Type.Unknown(),
});

/** A baseline of a version, and its origin. */
export interface StoredBaseline {
  readonly baseline: Baseline;
  readonly origin: BaselineOrigin;
  /** The number of the newest document in the store, whole or broken, when the baseline was read; 0 if there is none. */
  readonly last: number;
  /** The text of that document. */
  readonly text: string | undefined;
}

/** Newest documents of a version to retain: the others are there in case the newest is broken. */
const RETAINED = 3;

/**
 * Stores a baseline made from traffic as the newest of version `version`, under the first free number after `last`. Deletes
 * documents that are no longer needed.
 */
export async function storeBaseline(
  store: FileStore,
  version: number,
  card: Card,
  baseline: Baseline,
  { last, ...fields }: Pick<StoredBaseline, 'last'> & Omit<BaselineOrigin, 'version'>,
): Promise<StoredBaseline> {
  // Another process may have stored one meanwhile. If two write at the same time, the later one replaces the other and both load it.
  const number = Math.max(last, ...(await numbersOf(store, version))) + 1;
  const origin = { version: number, ...fields };
  const content: Static<typeof Document> = { model: card.checksum, origin, baseline };
  const text = JSON.stringify(content);
  await store.writeDocument(documentName(version, number), text);
  // What cannot be deleted now is deleted the next time.
  await tidy(store, version).catch(() => {});
  return { baseline, origin, last: number, text };
}

/**
 * Reads the newest whole baseline of a version: the one from its training, `trained` (its `baseline.json`), or a later one made
 * from traffic. Documents that are broken, or belong to another model that had the same number before, are logged and skipped.
 * Throws `INVALID_BASELINE` if no baseline is left.
 */
export async function newestBaseline(
  store: FileStore,
  version: number,
  card: Card,
  trained: string | undefined,
  log: Log,
): Promise<StoredBaseline> {
  let first: StoredBaseline | undefined;
  if (trained) {
    const origin = { version: 0, created_at: card.created_at, reason: null, from: null };
    first = { baseline: readBaselineOf(card, trained), origin, last: 0, text: undefined };
  }
  const newest = await newerBaseline(store, version, card, first, log);
  if (!newest) throw invalid(`version ${version} has no baseline`);
  return newest;
}

/** Like `newestBaseline`, after `known` was read. Returns `known` itself if no document was written since. */
export async function newerBaseline<Known extends StoredBaseline | undefined>(
  store: FileStore,
  version: number,
  card: Card,
  known: Known,
  log: Log,
): Promise<StoredBaseline | Known> {
  let newest: StoredBaseline | Known = known;
  for (const n of await numbersOf(store, version)) {
    if (n < (known?.last ?? 0)) continue;
    const text = await store.readDocument(documentName(version, n));
    // Another process has just deleted it, or it is known.
    if (text === undefined || (n === known?.last && text === known.text)) continue;
    try {
      newest = { ...readDocument(text, n, card), last: n, text };
    } catch (error) {
      log.error({ err: error, model_version: String(version), baseline_version: n }, 'a stored baseline was skipped');
      if (newest) newest = { baseline: newest.baseline, origin: newest.origin, last: n, text };
    }
  }
  return newest;
}

/** Deletes all but the newest documents of each version, and those of versions that no longer exist, except of `version`. */
async function tidy(store: FileStore, version: number): Promise<void> {
  const existing = new Set([version, ...(await store.list())]);
  const documents = await listBaselines(store);
  for (const { name, version: owner, number } of documents) {
    const newer = documents.filter((other) => other.version === owner && other.number > number);
    if (!existing.has(owner) || newer.length >= RETAINED) await store.removeDocument(name);
  }
}

/** Numbers of the stored baselines of a version, in ascending order. */
async function numbersOf(store: FileStore, version: number): Promise<number[]> {
  const documents = await listBaselines(store);
  const own = documents.filter((document) => document.version === version).map(({ number }) => number);
  return own.sort((a, b) => a - b);
}

async function listBaselines(store: FileStore) {
  return (await store.listDocuments()).flatMap((name) => {
    const [, version, number] = DOCUMENT_NAME.exec(name) ?? [];
    return version === undefined ? [] : { name, version: Number(version), number: Number(number) };
  });
}

function readDocument(content: string, number: number, card: Card): Pick<StoredBaseline, 'baseline' | 'origin'> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw invalid('stored baseline: not JSON', { cause });
  }
  if (!Value.Check(Document, value)) {
    const [first] = Value.Errors(Document, value);
    throw invalid(`stored baseline${first?.instancePath ?? ''}: ${first?.message ?? 'broken'}`);
  }
  const { model, origin, baseline } = value;
  if (model !== card.checksum) {
    throw invalid('stored baseline/model: belongs to another model, which had the same version number');
  }
  if (origin.version !== number) {
    throw invalid(`stored baseline/origin/version: expected ${number}, got ${origin.version}`);
  }
  return { baseline: readBaselineOf(card, JSON.stringify(baseline)), origin };
}

function invalid(message: string, options?: ErrorOptions): DomainError {
  return new DomainError('INVALID_BASELINE', message, options);
}

const DOCUMENT_NAME = /^baseline-(\d+)-(\d+)\.json$/;

function documentName(version: number, baselineVersion: number): string {
  return `baseline-${version}-${baselineVersion}.json`;
}

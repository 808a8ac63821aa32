import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { nullable } from '../../../base/json/nullable.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import { annotatedVersion } from '../../../model/store/annotations-document.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { readAnnotations } from '../../../model/store/version-annotations.js';
import { Annotations, NO_ANNOTATIONS } from '../../../model/versions/annotations.js';
import { type Card, parseCard } from '../../../model/versions/card.js';
import { Gate } from '../../../model/versions/gate-decision.js';
import { MetricsSchema } from '../../../model/versions/metrics.js';
import { UPLOAD_MARK } from '../../../model/versions/version.js';

/** One version in the list of versions. */
export const Summary = Type.Object({
  created_at: Type.String(),
  origin: Type.Enum(['training', 'upload']),
  bytes: Type.Integer({ description: 'total size of its files, without the card' }),
  rows: Type.Integer({ description: 'rows that it was trained on, including held-out rows' }),
  metrics: MetricsSchema,
  gate: nullable(Gate, { description: "the gate's decision when it was trained; null if there was none" }),
  description: Annotations.properties.description,
  tags: Annotations.properties.tags,
});
export type Summary = Static<typeof Summary> & { readonly version: number };

/** What does not change after the training. */
type Fixed = Omit<Summary, 'description' | 'tags'> & Pick<Card, 'checksum'>;

/** Maximum number of cards read concurrently: each is an open file. */
const MAX_CONCURRENT = 32;

/** Maximum number of cards that are cached: a megabyte each at most, and a few kilobytes as a rule. */
const MAX_CACHED = 8;

/** The versions of the store. A version never changes, so its summary is cached, as are the cards read last. */
export class Catalog {
  private readonly store: FileStore;
  private readonly log: Logger;
  private summaries: ReadonlyMap<number, Fixed> = new Map();
  /** Broken versions that were logged already. */
  private readonly logged = new Set<number>();
  /** By version, the one read last at the end. */
  private readonly cards = new Map<number, { readonly content: Uint8Array; readonly card: Card }>();

  constructor(store: FileStore, log: Logger) {
    this.store = store;
    this.log = log;
  }

  /**
   * Reads the card of a version, and parses it unless its bytes are those of the last time; then the result is the same object.
   * Throws `VERSION_NOT_FOUND` or `INVALID_VERSION`.
   */
  async card(version: number): Promise<Card> {
    const content = (await this.store.readFile(version, 'card.json')) ?? new Uint8Array();
    const cached = this.cards.get(version);
    this.cards.delete(version);
    const read =
      cached && Buffer.compare(cached.content, content) === 0 ? cached : { content, card: parseCard(content) };
    this.cards.set(version, read);
    if (this.cards.size > MAX_CACHED) this.cards.delete(this.cards.keys().next().value!);
    return read.card;
  }

  private async parse(version: number, slice: TimeSlice): Promise<Card> {
    const content = await this.store.readFile(version, 'card.json');
    // Many cards are read concurrently, and parsing them must not block other requests.
    await slice.yieldIfOver();
    return parseCard(content ?? '');
  }

  /** Lists the versions with a valid card, newest first. Each version without one is logged once. */
  async list(): Promise<Summary[]> {
    const versions = (await this.store.list()).reverse();
    const summaries = new Map<number, Fixed>();
    const slice = new TimeSlice();
    for (let i = 0; i < versions.length; i += MAX_CONCURRENT) {
      const chunk = versions.slice(i, i + MAX_CONCURRENT);
      const read = await Promise.all(chunk.map((version) => this.summary(version, slice)));
      for (const summary of read) if (summary) summaries.set(summary.version, summary);
    }
    this.summaries = summaries;
    const annotated = new Set((await this.store.listDocuments()).map(annotatedVersion));
    const described: Summary[] = [];
    for (const { checksum, ...summary } of summaries.values()) {
      const { version } = summary;
      const isAnnotated = annotated.has(version);
      const { description, tags } = isAnnotated
        ? await readAnnotations(this.store, version, { checksum })
        : NO_ANNOTATIONS;
      described.push({ ...summary, description, tags });
    }
    return described;
  }

  private async summary(version: number, slice: TimeSlice): Promise<Fixed | undefined> {
    const cached = this.summaries.get(version);
    if (cached) return cached;
    try {
      const card = await this.parse(version, slice);
      const { created_at, data, metrics, gate = null, files, checksum } = card;
      const uploaded = (await this.store.readFile(version, UPLOAD_MARK)) !== undefined;
      const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
      const origin = uploaded ? 'upload' : 'training';
      return { version, created_at, origin, bytes, rows: data.rows, metrics, gate, checksum };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // A version that was removed since the listing is not broken.
      if (error.code === 'VERSION_NOT_FOUND' || this.logged.has(version)) return undefined;
      this.logged.add(version);
      this.log.error({ err: error, model_version: String(version) }, 'model version is broken and is not listed');
      return undefined;
    }
  }
}

import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import type { ModelStore } from '../../../model/store/store.js';
import { type Card, parseCard } from '../../../model/versions/card.js';
import type { Gate } from '../../../model/versions/gate-decision.js';
import { UPLOAD_MARK } from '../../../model/versions/version.js';

/** What the list of versions tells of one. */
export interface Summary {
  readonly version: number;
  readonly created_at: string;
  readonly origin: 'training' | 'upload';
  readonly bytes: number;
  readonly rows: number;
  readonly metrics: Card['metrics'];
  /** What the gate said of it, if it was asked. */
  readonly gate: Gate | null;
}

/** Versions whose cards are read at the same time: each is an open file. */
const AT_ONCE = 32;

/** What there is in the store. A version never changes, so what was read of one is kept. */
export class Catalog {
  private readonly store: ModelStore;
  private readonly log: FastifyBaseLogger;
  private summaries: ReadonlyMap<number, Summary> = new Map();
  /** Broken versions that the log has told of. */
  private readonly told = new Set<number>();

  constructor(store: ModelStore, log: FastifyBaseLogger) {
    this.store = store;
    this.log = log;
  }

  /** The card of a version. Throws `VERSION_NOT_FOUND` or `INVALID_VERSION`. */
  async card(version: number, slice = new TimeSlice()): Promise<Card> {
    const content = await this.store.readFile(version, 'card.json');
    // Many come at the same time.
    await slice.yieldIfOver();
    return parseCard(Buffer.from(content ?? '').toString());
  }

  /** The versions with a whole card, newest first. The log tells, once, of those without. */
  async list(): Promise<Summary[]> {
    const versions = (await this.store.list()).reverse();
    const summaries = new Map<number, Summary>();
    const slice = new TimeSlice();
    for (let i = 0; i < versions.length; i += AT_ONCE) {
      const some = versions.slice(i, i + AT_ONCE);
      const read = await Promise.all(some.map((version) => this.summary(version, slice)));
      for (const summary of read) if (summary) summaries.set(summary.version, summary);
    }
    this.summaries = summaries;
    return Array.from(summaries.values());
  }

  private async summary(version: number, slice: TimeSlice): Promise<Summary | undefined> {
    const known = this.summaries.get(version);
    if (known) return known;
    try {
      const card = await this.card(version, slice);
      const { created_at, data, metrics, gate = null, files } = card;
      const uploaded = (await this.store.readFile(version, UPLOAD_MARK)) !== undefined;
      const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
      return { version, created_at, origin: uploaded ? 'upload' : 'training', bytes, rows: data.rows, metrics, gate };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // One that was removed since the listing is not broken.
      if (error.code === 'VERSION_NOT_FOUND' || this.told.has(version)) return undefined;
      this.told.add(version);
      this.log.error({ err: error, model_version: String(version) }, 'model version is broken and is not listed');
      return undefined;
    }
  }
}

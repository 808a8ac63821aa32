import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { readAnnotations, writeAnnotations } from '../../../model/store/version-annotations.js';
import { type Annotations, type AnnotationsPatch, patchAnnotations } from '../../../model/versions/annotations.js';
import type { Card } from '../../../model/versions/card.js';
import type { Catalog } from './catalog.js';

/** What people say of the versions: reads it, and changes it, one change after the other. */
export class VersionNotes {
  private readonly store: FileStore;
  private readonly catalog: Pick<Catalog, 'card'>;
  private readonly log: Logger;
  private last: Promise<unknown> = Promise.resolve();

  constructor(store: FileStore, catalog: Pick<Catalog, 'card'>, log: Logger) {
    this.store = store;
    this.catalog = catalog;
    this.log = log;
  }

  /** Reads the annotations of a version with this card. Broken ones are logged, and count as none. */
  read(version: number, card: Pick<Card, 'checksum'>): Promise<Annotations> {
    return readAnnotations(this.store, version, card, () =>
      this.log.error({ model_version: String(version) }, 'the annotations of a model version are broken'),
    );
  }

  /**
   * Changes the annotations of a version, and returns them with its card. Throws `ANNOTATIONS_CHANGED` if they are not those that
   * `isExpected` accepts by their {@link tagOf}, or what the store and the catalog throw.
   */
  change(
    version: number,
    patch: AnnotationsPatch,
    isExpected: (tag: string) => boolean,
  ): Promise<{ card: Card; annotations: Annotations }> {
    const changed = this.last.then(async () => {
      const card = await this.catalog.card(version);
      const before = await this.read(version, card);
      if (!isExpected(tagOf(card, before))) {
        throw new DomainError(
          'ANNOTATIONS_CHANGED',
          `if-match: version ${version} was described by another request meanwhile; read it again, then repeat the change`,
        );
      }
      const annotations = patchAnnotations(before, patch);
      await writeAnnotations(this.store, version, card, annotations);
      return { card, annotations };
    });
    this.last = changed.catch(() => {});
    return changed;
  }
}

/** Returns a name of a card with its annotations, which differs if any of them does. */
export function tagOf({ checksum }: Pick<Card, 'checksum'>, annotations: Annotations): string {
  return createHash('sha256').update(checksum).update(JSON.stringify(annotations)).digest('base64url').slice(0, 22);
}

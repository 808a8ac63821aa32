import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { flushDirectory, isCode, numbersIn } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import { discardStage, makeStage, sweepStages } from '../../base/files/staging.js';
import { isDescriptorError } from '../../base/files/storage-error.js';
import { watchDirectory } from '../../base/files/watch-directory.js';
import type { VersionFiles } from '../versions/version.js';
import { aliasOf, appendRecord, readRecord } from './alias-record.js';
import type { Aliases } from './aliases.js';
import { annotatedVersion, annotationsDocument } from './annotations-document.js';
import { listDocuments, readDocument, removeDocument, writeDocument } from './documents.js';
import { Ledger } from './ledger.js';
import { type StoreHealth, storeHealth } from './store-health.js';

/** Folders of the two ledgers: the changes of the aliases, and the version numbers taken so far. */
const ALIASES = '.aliases';
const NUMBERS = '.numbers';

/**
 * Immutable versions of one model, numbered from 1, on a file system: `<directory>/<version>/`. A version is listed only when
 * it is complete. Publishing a version, changing the aliases and removing a version each take effect by renaming a directory,
 * which is atomic and fails if the new name is taken.
 */
export class FileStore {
  /** Path of the store, for messages. */
  readonly location: string;
  private readonly aliasLedger: Ledger;
  private readonly numberLedger: Ledger;

  constructor(directory: string) {
    this.location = directory;
    this.aliasLedger = new Ledger(join(directory, ALIASES));
    this.numberLedger = new Ledger(join(directory, NUMBERS));
  }

  /** Numbers of all versions, in ascending order. */
  list(): Promise<number[]> {
    return numbersIn(this.location);
  }

  /** Reads all files of a version. Throws `VERSION_NOT_FOUND`, or `INVALID_VERSION` if it exists but cannot be read. */
  read(version: number): Promise<VersionFiles> {
    return this.readFiles(version, () => true);
  }

  /** Reads one file of a version; undefined if the version has no file of this name. Throws as `read`. */
  async readFile(version: number, name: string): Promise<Uint8Array | undefined> {
    const files = await this.readFiles(version, (each) => each === name);
    return files.get(name);
  }

  /** Creates an empty local directory for one training. `publish` takes its `version` folder. */
  async stage(): Promise<string> {
    const stage = await makeStage(this.location);
    failpoint('stage:made');
    return stage;
  }

  /** Publishes the staged version atomically, under the next number. No number is used twice, even after a removal. */
  async publish(stage: string): Promise<number> {
    for (;;) {
      const newest = Math.max((await this.list()).at(-1) ?? 0, (await this.numberLedger.numbers()).at(-1) ?? 0);
      const version = newest + 1;
      // Another process may have taken the number since the listing.
      if (!(await this.numberLedger.take(version, '{}'))) continue;
      failpoint('publish:numbered');
      try {
        await rename(join(stage, 'version'), this.directoryOf(version));
      } catch (error) {
        if (isCode(error, 'ENOTEMPTY', 'EEXIST')) continue;
        throw error;
      }
      failpoint('publish:renamed');
      flushDirectory(this.location);
      return version;
    }
  }

  /** Deletes a stage and its contents, if it still exists. */
  async discard(stage: string): Promise<void> {
    failpoint('stage:used');
    await discardStage(stage);
  }

  /** Reads the aliases. An alias whose version no longer exists is null. */
  async aliases(): Promise<Aliases> {
    const [{ removing, generation, ...names }, versions] = await Promise.all([
      readRecord(this.aliasLedger),
      this.list(),
    ]);
    const ifListed = (version: number | null) => (version !== null && versions.includes(version) ? version : null);
    return {
      generation,
      production: ifListed(names.production),
      candidate: ifListed(names.candidate),
      previous: ifListed(names.previous),
    };
  }

  /**
   * Changes the aliases if they are unchanged since they were read: `next.generation` is the generation that was read, and
   * the result has the next one. Throws `ALIASES_CHANGED` if another change came first, or `VERSION_NOT_FOUND` if an alias
   * would name a version that does not exist.
   */
  async setAliases({ generation, production, candidate, previous }: Aliases): Promise<Aliases> {
    const record = await readRecord(this.aliasLedger);
    if (record.generation !== generation) throw changed();
    const versions = await this.list();
    for (const version of [production, candidate, previous]) {
      if (version === null) continue;
      if (!versions.includes(version) || record.removing.includes(version)) throw this.notFound(version);
    }
    const removing = record.removing.filter((version) => versions.includes(version));
    const next = { generation, production, candidate, previous, removing };
    if (!(await appendRecord(this.aliasLedger, next))) throw changed();
    return { generation: generation + 1, production, candidate, previous };
  }

  /** Removes a version atomically. Throws `VERSION_NOT_FOUND`, or `VERSION_IN_USE` if an alias names it. */
  async remove(version: number): Promise<void> {
    await this.announceRemoval(version);
    failpoint('remove:announced');
    // The number of a version that was copied here by hand is not taken yet.
    if (((await this.numberLedger.numbers()).at(-1) ?? 0) < version) await this.numberLedger.take(version, '{}');
    await this.unlist(version);
  }

  /**
   * Calls `onChange` when another process may have changed the aliases, and every `interval` milliseconds, for file systems
   * that report no changes. Returns a function that stops watching.
   */
  watch(onChange: () => void, interval: number): () => void {
    return watchDirectory(join(this.location, ALIASES), onChange, interval);
  }

  /** Tests whether the store is writable. Never throws. */
  health(): Promise<StoreHealth> {
    return storeHealth(this.location);
  }

  /** Reads a small document beside the versions, such as the state of a monitor; undefined if it does not exist. */
  readDocument(name: string): Promise<string | undefined> {
    return readDocument(this.location, name);
  }

  /** Writes a document atomically: a reader sees the old one or the new one. */
  writeDocument(name: string, content: string): Promise<void> {
    return writeDocument(this.location, name, content);
  }

  /** Names of all documents. */
  listDocuments(): Promise<string[]> {
    return listDocuments(this.location);
  }

  /** Deletes a document, if it still exists. */
  removeDocument(name: string): Promise<void> {
    return removeDocument(this.location, name);
  }

  /** Finishes removals and deletes what processes that died have left. Returns how many leftovers there were. */
  async sweep(): Promise<number> {
    // Before the versions: one that is published meanwhile may be annotated at once.
    const documents = await this.listDocuments();
    const versions = await this.list();
    const orphans = documents.filter((name) => {
      const version = annotatedVersion(name);
      return version !== undefined && !versions.includes(version);
    });
    for (const name of orphans) await this.removeDocument(name);
    const { removing } = await readRecord(this.aliasLedger);
    const unfinished = removing.filter((version) => versions.includes(version));
    for (const version of unfinished) await this.unlist(version);
    return unfinished.length + orphans.length + (await sweepStages(this.location));
  }

  /**
   * Records that a version is being removed, so that no alias can name it from now on: a change based on an earlier reading
   * of the aliases is refused, and a later reading includes the removal.
   */
  private async announceRemoval(version: number): Promise<void> {
    for (;;) {
      const record = await readRecord(this.aliasLedger);
      const versions = await this.list();
      if (!versions.includes(version)) throw this.notFound(version);
      const alias = aliasOf(record, version);
      if (alias) throw new DomainError('VERSION_IN_USE', `version ${version} is ${alias}: it cannot be removed`);
      const removing = [...record.removing.filter((each) => each !== version && versions.includes(each)), version];
      if (await appendRecord(this.aliasLedger, { ...record, removing })) return;
    }
  }

  /** Removes a version from the listing with one rename, then deletes its files and annotations. */
  private async unlist(version: number): Promise<void> {
    const stage = await this.stage();
    try {
      await rename(this.directoryOf(version), join(stage, 'removed'));
      flushDirectory(this.location);
      failpoint('remove:renamed');
      await this.removeDocument(annotationsDocument(version));
    } catch (error) {
      // Another process is removing it as well, and was faster.
      if (!isCode(error, 'ENOENT')) throw error;
    } finally {
      await this.discard(stage);
    }
  }

  private async readFiles(version: number, include: (name: string) => boolean): Promise<VersionFiles> {
    const directory = this.directoryOf(version);
    try {
      const names = (await readdir(directory)).filter(include);
      const contents = await Promise.all(names.map((name) => readFile(join(directory, name))));
      return new Map(names.map((name, i) => [name, contents[i]!]));
    } catch (cause) {
      if (isCode(cause, 'ENOENT', 'ENOTDIR')) throw this.notFound(version, cause);
      // Without a free file descriptor nothing is known of the version.
      if (isDescriptorError(cause)) throw cause;
      // A version that is listed but cannot be read is broken, not missing.
      const { code = 'unknown' } = cause as NodeJS.ErrnoException;
      throw new DomainError('INVALID_VERSION', `version ${version}: its files cannot be read (${code})`, { cause });
    }
  }

  private directoryOf(version: number): string {
    return join(this.location, String(version));
  }

  private notFound(version: number, cause?: unknown): DomainError {
    return new DomainError('VERSION_NOT_FOUND', `version ${version} is not in the store`, { cause });
  }
}

function changed(): DomainError {
  return new DomainError('ALIASES_CHANGED', 'another request or process changed the aliases meanwhile');
}

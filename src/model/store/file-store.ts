import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { flushDirectory, isCode, makeDirectory, numbersIn } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import { discardStage, makeStage, sweepStages } from '../../base/files/staging.js';
import { watchDirectory } from '../../base/files/watch-directory.js';
import type { VersionFiles } from '../versions/version.js';
import { type AliasRecord, aliasOf, appendRecord, readRecord } from './alias-record.js';
import { Ledger } from './ledger.js';
import type { Aliases, ModelStore, StoreHealth } from './store.js';
import { storeHealth } from './store-health.js';

/** The folder of the documents beside the versions. */
const DOCUMENTS = '.documents';
/** The folders of the two ledgers: changes of the aliases, and numbers that versions were given. */
const ALIASES = '.aliases';
const NUMBERS = '.numbers';

/**
 * A store on a file system: `<directory>/<version>/`. All that must be all or nothing is the rename of a directory, which
 * is atomic, and refused if the name is taken: a version published, a change of the aliases, a version removed.
 */
export class FileStore implements ModelStore {
  readonly location: string;
  private readonly records: Ledger;
  private readonly given: Ledger;

  constructor(directory: string) {
    this.location = directory;
    this.records = new Ledger(join(directory, ALIASES));
    this.given = new Ledger(join(directory, NUMBERS));
  }

  list(): Promise<number[]> {
    return numbersIn(this.location);
  }

  async read(version: number): Promise<VersionFiles> {
    const directory = this.directoryOf(version);
    try {
      const names = await readdir(directory);
      const contents = await Promise.all(names.map((name) => readFile(join(directory, name))));
      return new Map(names.map((name, i) => [name, contents[i]!]));
    } catch (cause) {
      throw this.unread(version, cause);
    }
  }

  async readFile(version: number, name: string): Promise<Uint8Array | undefined> {
    const directory = this.directoryOf(version);
    try {
      const names = await readdir(directory);
      return names.includes(name) ? await readFile(join(directory, name)) : undefined;
    } catch (cause) {
      throw this.unread(version, cause);
    }
  }

  async stage(): Promise<string> {
    const stage = await makeStage(this.location);
    failpoint('stage:made');
    return stage;
  }

  async publish(stage: string): Promise<number> {
    for (;;) {
      const newest = Math.max((await this.list()).at(-1) ?? 0, (await this.given.numbers()).at(-1) ?? 0);
      const version = newest + 1;
      // Another process may take the number between the listing and this.
      if (!(await this.given.take(version, '{}'))) continue;
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

  async discard(stage: string): Promise<void> {
    failpoint('stage:used');
    await discardStage(stage);
  }

  async aliases(): Promise<Aliases> {
    const [{ removing, generation, ...names }, versions] = await Promise.all([this.record(), this.list()]);
    const there = (version: number | null) => (version !== null && versions.includes(version) ? version : null);
    return {
      generation,
      production: there(names.production),
      candidate: there(names.candidate),
      previous: there(names.previous),
    };
  }

  async setAliases({ generation, production, candidate, previous }: Aliases): Promise<Aliases> {
    const record = await this.record();
    if (record.generation !== generation) throw changed();
    const versions = await this.list();
    for (const version of [production, candidate, previous]) {
      if (version === null) continue;
      if (!versions.includes(version) || record.removing.includes(version)) throw this.notFound(version);
    }
    const removing = record.removing.filter((version) => versions.includes(version));
    const next = { generation, production, candidate, previous, removing };
    if (!(await appendRecord(this.records, next))) throw changed();
    return { generation: generation + 1, production, candidate, previous };
  }

  async remove(version: number): Promise<void> {
    await this.announceRemoval(version);
    failpoint('remove:announced');
    // Versions that were copied here by hand have a number that nobody has taken.
    if (((await this.given.numbers()).at(-1) ?? 0) < version) await this.given.take(version, '{}');
    await this.unlist(version);
  }

  watch(onChange: () => void, interval: number): () => void {
    return watchDirectory(join(this.location, ALIASES), onChange, interval);
  }

  health(): Promise<StoreHealth> {
    return storeHealth(this.location);
  }

  async readDocument(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.location, DOCUMENTS, name), 'utf8');
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async writeDocument(name: string, content: string): Promise<void> {
    const directory = join(this.location, DOCUMENTS);
    await makeDirectory(directory);
    // A stage, so that what a process leaves that dies here is swept.
    const stage = await makeStage(this.location);
    try {
      const written = join(stage, 'document');
      await writeFile(written, content, { flush: true });
      failpoint('document:written');
      await rename(written, join(directory, name));
      failpoint('document:renamed');
    } finally {
      await discardStage(stage);
    }
    flushDirectory(directory);
  }

  async sweep(): Promise<number> {
    const versions = await this.list();
    const { removing } = await this.record();
    const left = removing.filter((version) => versions.includes(version));
    for (const version of left) await this.unlist(version);
    return left.length + (await sweepStages(this.location));
  }

  /**
   * Records that a version goes, so that no alias can name it from here on: whoever read the aliases before is refused,
   * whoever reads them now sees that it goes.
   */
  private async announceRemoval(version: number): Promise<void> {
    for (;;) {
      const record = await this.record();
      const versions = await this.list();
      if (!versions.includes(version)) throw this.notFound(version);
      const alias = aliasOf(record, version);
      if (alias) throw new DomainError('VERSION_IN_USE', `version ${version} is ${alias}: it cannot be removed`);
      const removing = [...record.removing.filter((each) => each !== version && versions.includes(each)), version];
      if (await appendRecord(this.records, { ...record, removing })) return;
    }
  }

  /** Takes a version out of the listing with one rename, and then removes its files. */
  private async unlist(version: number): Promise<void> {
    const stage = await this.stage();
    try {
      await rename(this.directoryOf(version), join(stage, 'removed'));
      flushDirectory(this.location);
      failpoint('remove:renamed');
    } catch (error) {
      // Another process, which is about to remove it as well, was faster.
      if (!isCode(error, 'ENOENT')) throw error;
    } finally {
      await this.discard(stage);
    }
  }

  private record(): Promise<AliasRecord> {
    return readRecord(this.records);
  }

  private directoryOf(version: number): string {
    return join(this.location, String(version));
  }

  /** One that is there, but cannot be read, is not missing: it is broken. */
  private unread(version: number, cause: unknown): DomainError {
    if (isCode(cause, 'ENOENT', 'ENOTDIR')) return this.notFound(version, cause);
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    return new DomainError('INVALID_VERSION', `version ${version}: its files cannot be read (${code})`, { cause });
  }

  private notFound(version: number, cause?: unknown): DomainError {
    return new DomainError('VERSION_NOT_FOUND', `version ${version} is not in the store`, { cause });
  }
}

function changed(): DomainError {
  return new DomainError('ALIASES_CHANGED', 'the aliases were changed meanwhile, by another request or process');
}

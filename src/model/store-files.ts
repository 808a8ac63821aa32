import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { DomainError } from './domain-error.js';
import type { ModelStore } from './store.js';
import { flushDirectory, type VersionFiles } from './version.js';

/** `.staging-<host>-<process>-<random>`: whose it is, so that a sweep spares the living. */
const STAGE = /^\.staging-(?<host>.+)-(?<pid>\d+)-[0-9a-f]+$/;

/** The folder of the documents beside the versions. */
const DOCUMENTS = '.documents';

/** A stage of another host, whose processes cannot be asked, is dead after this long, in milliseconds. */
const FOREIGN_STAGE_AGE = 24 * 3600 * 1000;

/** A store on a file system: `<directory>/<version>/`. Publishing is a rename, which is atomic within it. */
export class FileStore implements ModelStore {
  readonly location: string;

  constructor(directory: string) {
    this.location = directory;
  }

  async list(): Promise<number[]> {
    const names = await this.names();
    return (
      names
        // Fifteen digits are exact as a number, and so is the next one.
        .filter((name) => /^[1-9]\d{0,14}$/.test(name))
        .map(Number)
        .sort((a, b) => a - b)
    );
  }

  async read(version: number): Promise<VersionFiles> {
    const directory = join(this.location, String(version));
    try {
      const names = await readdir(directory);
      const contents = await Promise.all(names.map((name) => readFile(join(directory, name))));
      return new Map(names.map((name, i) => [name, contents[i]!]));
    } catch (cause) {
      throw new DomainError('VERSION_NOT_FOUND', `version ${version} cannot be read from ${this.location}`, { cause });
    }
  }

  async stage(): Promise<string> {
    const stage = join(this.location, `.staging-${hostname()}-${process.pid}-${randomBytes(6).toString('hex')}`);
    await makeDirectory(stage);
    return stage;
  }

  async publish(stage: string): Promise<number> {
    for (;;) {
      const version = ((await this.list()).at(-1) ?? 0) + 1;
      try {
        await rename(join(stage, 'version'), join(this.location, String(version)));
        flushDirectory(this.location);
        return version;
      } catch (error) {
        // Another process took the number between the listing and the rename.
        if (!isCode(error, 'ENOTEMPTY') && !isCode(error, 'EEXIST')) throw error;
      }
    }
  }

  async discard(stage: string): Promise<void> {
    await rm(stage, { recursive: true, force: true });
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
    const temporary = join(directory, `.${name}-${randomBytes(6).toString('hex')}`);
    try {
      await writeFile(temporary, content, { flush: true });
      await rename(temporary, join(directory, name));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    flushDirectory(directory);
  }

  async sweep(): Promise<number> {
    let swept = 0;
    for (const name of await this.names()) {
      const stage = join(this.location, name);
      if (!(await isAbandoned(name, stage))) continue;
      await this.discard(stage);
      swept++;
    }
    return swept;
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.location);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    }
  }
}

/** Asked at start: a stage with this very process number is a predecessor's, as in a container, where all are 1. */
async function isAbandoned(name: string, stage: string): Promise<boolean> {
  const owner = STAGE.exec(name)?.groups;
  if (!owner) return false;
  const pid = Number(owner['pid']);
  if (owner['host'] === hostname()) return pid === process.pid || !isRunning(pid);
  try {
    return Date.now() - (await stat(stage)).mtimeMs > FOREIGN_STAGE_AGE;
  } catch (error) {
    // Another replica that starts at the same time was faster.
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** As `mkdir` with `recursive`, which says ENOENT of a read-only file system, and never ends in some others. */
async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
  try {
    await make();
  } catch (error) {
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

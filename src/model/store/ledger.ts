import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { flushDirectory, ifExists, isCode, makeDirectory, numbersIn } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import { discardStage, makeStage } from '../../base/files/staging.js';

/** Newest entries to retain: a reader may be about to read one that is no longer the newest. */
const MAX_ENTRIES = 32;

/** The only file of an entry. */
const CONTENT = 'content.json';

/**
 * Numbered entries. Of all processes on a directory, the first to take a number owns it. An entry is a directory that is
 * renamed into place: it exists completely or not at all, and is never replaced.
 */
export class Ledger {
  private readonly directory: string;
  private readonly name: string;

  constructor(directory: string) {
    this.directory = directory;
    this.name = basename(directory).slice(1);
  }

  /** Numbers of the retained entries, in ascending order. */
  numbers(): Promise<number[]> {
    return numbersIn(this.directory);
  }

  /** Returns the content of an entry; undefined if it does not exist. */
  read(number: number): Promise<string | undefined> {
    return ifExists(readFile(join(this.directory, String(number), CONTENT), 'utf8'));
  }

  /** Takes a number permanently. Returns false if another process has taken it. */
  async take(number: number, content: string): Promise<boolean> {
    const stage = await makeStage(dirname(this.directory));
    try {
      const entry = join(stage, 'entry');
      await mkdir(entry);
      await writeFile(join(entry, CONTENT), content, { flush: true });
      flushDirectory(entry);
      failpoint(`${this.name}:written`);
      await makeDirectory(this.directory);
      await rename(entry, join(this.directory, String(number)));
      flushDirectory(this.directory);
      failpoint(`${this.name}:taken`);
    } catch (error) {
      if (isCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
      throw error;
    } finally {
      await discardStage(stage);
    }
    const newest = await this.tidy();
    // A process that was suspended for long can take a number whose entry was deleted meanwhile.
    return newest - number < MAX_ENTRIES;
  }

  /** Deletes the oldest entries. Returns the newest number. */
  private async tidy(): Promise<number> {
    const numbers = await this.numbers();
    const newest = numbers.at(-1) ?? 0;
    for (const number of numbers.filter((each) => newest - each >= MAX_ENTRIES)) {
      await rm(join(this.directory, String(number)), { recursive: true, force: true });
      failpoint(`${this.name}:tidied`);
    }
    return newest;
  }
}

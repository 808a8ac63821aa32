import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { flushDirectory, isCode, makeDirectory, numbersIn } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import { discardStage, makeStage } from '../../base/files/staging.js';

/** Entries that are left when there are newer ones: for a reader that is on its way to one. */
const KEPT = 32;

/** The one file of an entry. */
const CONTENT = 'content.json';

/**
 * Entries numbered upwards, each taken once, by whoever comes first, among all processes on a directory. An entry is a
 * directory that is renamed into its place: it is there whole or not at all, and one that is there is not replaced.
 */
export class Ledger {
  private readonly directory: string;
  private readonly name: string;

  constructor(directory: string) {
    this.directory = directory;
    this.name = basename(directory).slice(1);
  }

  /** Numbers of the entries that are left, in ascending order. */
  numbers(): Promise<number[]> {
    return numbersIn(this.directory);
  }

  /** Content of an entry; undefined if it is not there. */
  async read(number: number): Promise<string | undefined> {
    try {
      return await readFile(join(this.directory, String(number), CONTENT), 'utf8');
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Takes a number, for good once this returns true; false if somebody else has taken it. */
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
    // It had been taken and tidied away before: the writer has slept for long.
    return newest - number < KEPT;
  }

  /** Removes the oldest entries. Returns the newest number. */
  private async tidy(): Promise<number> {
    const numbers = await this.numbers();
    const newest = numbers.at(-1) ?? 0;
    for (const number of numbers.filter((each) => newest - each >= KEPT)) {
      await rm(join(this.directory, String(number)), { recursive: true, force: true });
      failpoint(`${this.name}:tidied`);
    }
    return newest;
  }
}

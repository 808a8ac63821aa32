import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory, isCode, makeDirectory } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import { discardStage, makeStage } from '../../base/files/staging.js';

/** Small documents in a folder of a store, such as the state of a monitor. */
export class Documents {
  private readonly location: string;
  private readonly directory: string;

  /** `location` is the store, in which documents are staged: a sweep removes those of a process that died. */
  constructor(location: string) {
    this.location = location;
    this.directory = join(location, '.documents');
  }

  /** Returns undefined if the document does not exist. */
  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.directory, name), 'utf8');
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Writes atomically: a reader sees the old document or the new one. */
  async write(name: string, content: string): Promise<void> {
    await makeDirectory(this.directory);
    const stage = await makeStage(this.location);
    try {
      const written = join(stage, 'document');
      await writeFile(written, content, { flush: true });
      failpoint('document:written');
      await rename(written, join(this.directory, name));
      failpoint('document:renamed');
    } finally {
      await discardStage(stage);
    }
    flushDirectory(this.directory);
  }
}

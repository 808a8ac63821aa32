import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { flushDirectory, isCode } from '../../base/files/directory.js';
import { fileError } from './file-error.js';
import { removeAtExit } from './interruption.js';

/** Where a command writes its result. */
export interface Destination extends Disposable {
  /** For messages. */
  readonly name: string;
  /** Writes bytes. They may be overwritten once it has returned; it resolves when more may follow. */
  write(bytes: Uint8Array | string): Promise<void> | void;
  /** Finishes the result. Until then, nothing has its final name. Disposing without it leaves nothing. */
  commit(): Promise<void> | void;
}

/** Opens a file, or standard output for `-` and undefined. Throws `INVALID_REQUEST` if the file cannot be written. */
export function openDestination(path: string | undefined): Destination {
  return path === undefined || path === '-' ? new StandardOutput() : new OutputFile(path);
}

/** Writes a small file whole. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  using file = openDestination(path);
  await file.write(content);
  await file.commit();
}

class StandardOutput implements Destination {
  readonly name = 'standard output';

  write(bytes: Uint8Array | string): Promise<void> {
    const copy = typeof bytes === 'string' ? bytes : Buffer.from(bytes);
    // Failures are handled where interruptions are.
    return new Promise((resolve) => process.stdout.write(copy, () => resolve()));
  }

  commit(): void {}

  [Symbol.dispose](): void {}
}

/** A temporary file beside the final one, which replaces it at the end. A device or a pipe is written as it is. */
class OutputFile implements Destination {
  readonly name: string;
  private readonly path: string;
  private readonly temporary: string | undefined;
  private readonly forget: () => void = () => {};
  private handle: number | undefined;

  constructor(path: string) {
    this.name = path;
    this.path = followed(path);
    const isSpecial = ifExists(() => !statSync(this.path).isFile());
    try {
      if (ifExists(() => statSync(this.path).isDirectory()))
        throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
      if (!isSpecial) {
        const name = `.${basename(this.path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
        this.temporary = join(dirname(this.path), name);
      }
      this.handle = openSync(this.temporary ?? this.path, this.temporary ? 'wx' : 'w');
    } catch (error) {
      const hasDirectory = ifExists(() => statSync(dirname(this.path)).isDirectory());
      if (!hasDirectory)
        throw new DomainError('INVALID_REQUEST', `${path} cannot be written: there is no directory ${dirname(path)}`);
      throw fileError(path, 'written', error);
    }
    if (this.temporary) this.forget = removeAtExit(this.temporary);
  }

  write(bytes: Uint8Array | string): void {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.orFail(() => {
      for (let at = 0; at < buffer.length; ) at += writeSync(this.handle!, buffer, at, buffer.length - at);
    });
  }

  commit(): void {
    const { handle, temporary } = this;
    this.orFail(() => {
      if (temporary) fsyncSync(handle!);
      this.handle = undefined;
      closeSync(handle!);
      if (!temporary) return;
      renameSync(temporary, this.path);
      this.forget();
      flushDirectory(dirname(this.path));
    });
  }

  [Symbol.dispose](): void {
    const { handle, temporary } = this;
    if (handle === undefined) return;
    this.handle = undefined;
    closeSync(handle);
    if (!temporary) return;
    ifExists(() => unlinkSync(temporary));
    this.forget();
  }

  private orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw fileError(this.name, 'written', error);
    }
  }
}

/** The file that a link points to, so that the link remains. */
function followed(path: string): string {
  return ifExists(() => realpathSync(path)) ?? path;
}

function ifExists<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

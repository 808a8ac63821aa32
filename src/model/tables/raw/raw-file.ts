import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** Chunks of raw cells on the disk, each with the same number of bytes except for the last. */
export class RawFile implements Disposable {
  private readonly path: string;
  private readonly file: number;
  private size = 0;

  constructor(path: string) {
    this.path = path;
    this.file = openSync(path, 'w+');
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at, bytes.length - at, this.size + at);
    this.size += bytes.length;
  }

  /** Fills `bytes` with those at `from`. */
  read(from: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.file, bytes, at, bytes.length - at, from + at);
      if (count === 0) throw new Error('the file of raw cells ended early');
      at += count;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
    rmSync(this.path, { force: true });
  }
}

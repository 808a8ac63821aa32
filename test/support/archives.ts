import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Headers, pack } from 'tar-stream';

/** An entry of an archive: a plain file unless its header says something else. */
export interface Entry {
  readonly header: Headers;
  readonly content?: Uint8Array | string;
}

/** A tar.gz of these entries, be they honest or not. */
export async function tarGz(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { header, content } of entries) archive.entry(header, Buffer.from(content ?? ''));
  archive.finalize();
  return gzipSync(await buffer(archive));
}

/** A tar.gz of plain files by their names. */
export function archiveOf(files: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
  return tarGz(Array.from(files, ([name, content]) => ({ header: { name }, content })));
}

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

/** A tar.gz of an empty card whose extended header (PAX) holds `records`. */
export async function extendedArchive(records: Uint8Array): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'x' }, Buffer.from(records));
  archive.entry({ name: 'card.json' }, '{}');
  archive.finalize();
  const tar = await buffer(archive);
  // The type of the first entry, then the checksum over its header, in which the checksum itself counts as spaces.
  tar.write('x', 156);
  tar.fill(' ', 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return gzipSync(tar);
}

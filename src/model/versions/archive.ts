import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import type { Headers } from 'tar-stream';
import { DomainError, show } from '../../base/domain-error.js';
import type { EngineFactory } from '../network/engine.js';
import { layersModelJson } from '../network/layers-format.js';
import { ANNOTATIONS_FILE, parseAnnotations } from './annotations.js';
import { type Card, parseFile } from './card.js';
import { parseProbe } from './probe.js';
import { file, openVersion, readVersion, UPLOAD_MARK, type VersionFiles } from './version.js';
import { readBaselineOf } from './version-baseline.js';
import { checkBaselineSize, checkFileSizes, checkVersionBounds } from './version-bounds.js';
import { EVALUATION_FILE, evaluationOf } from './version-evaluation.js';

/** Maximum number of files in an archive. A version has six. */
const MAX_FILES = 16;

/** With the folder itself, and what macOS adds to each of them. */
const MAX_ENTRIES = 2 * (MAX_FILES + 1);
/** Maximum bytes of an archive beside its files: headers, padding, and what follows the last file. */
const MAX_OVERHEAD = 2 ** 20;

/** Maximum sum of inputs, outputs and hidden units. A few bytes of card could otherwise demand much memory of the engine. */
const MAX_UNITS = 2 ** 16;

/** A plain file name: no folder, not hidden, no escape from the target directory. */
const FILE_NAME = /^[A-Za-z0-9_][\w.-]{0,99}$/;

/** The folder of all files, or '' for the top of the archive. */
const FOLDER_NAME = /^(?!\.{1,2}$)[^/\\]*$/;

/** What macOS adds to archives: attributes of files, and settings of folders. */
const OF_MACOS = /^__MACOSX(\/|$)|(^|\/)(\._[^/]*|\.DS_Store)$/;

/**
 * Packs the files that a version's card lists into a tar.gz, and its annotations, the card last. The same version gives the same bytes. Throws
 * `INVALID_VERSION` if a file's checksum is not the card's.
 */
export async function packArchive(files: VersionFiles): Promise<Readable> {
  const { card } = readVersion(files);
  const { default: tar } = await import('tar-stream');
  const archive = tar.pack();
  const mtime = new Date(card.created_at);
  const annotated = files.has(ANNOTATIONS_FILE) ? [ANNOTATIONS_FILE] : [];
  for (const name of [...Object.keys(card.files), ...annotated, 'card.json']) {
    const entry = archive.entry({ name, mtime, mode: 0o644 }, Buffer.from(files.get(name)!));
    // If the client breaks off the download, each entry is destroyed with an error; without a listener it would be uncaught.
    entry.on('error', () => {});
  }
  archive.finalize();
  const gzip = createGzip();
  // An error in either stream destroys the other, and the reader receives it.
  pipeline(archive, gzip).catch(() => {});
  return gzip;
}

/**
 * Reads a tar.gz as it arrives into the files of one version, the card last. Nothing is written: names in a hostile archive
 * never reach the disk. `limit` is the maximum number of bytes when unpacked.
 *
 * The files may be at the top of the archive or in one folder there; what macOS adds is left out. Throws `INVALID_ARCHIVE` with the entry
 * if the archive holds anything but such plain files, each once. Also throws `TOO_LARGE`, and what `archive` throws.
 */
export async function unpackArchive(archive: Readable, limit: number): Promise<VersionFiles> {
  const { default: tar } = await import('tar-stream');
  const entries = tar.extract();
  // An error in any stream ends the entries with that error, which is handled below.
  const bounds = new UnpackedBounds(limit);
  pipeline(archive, createGunzip(), (source: AsyncIterable<Buffer>) => bounds.pass(source), entries).catch(() => {});
  const files = new Map<string, Uint8Array>();
  const place: Place = { folder: undefined };
  let count = 0;
  try {
    for await (const entry of entries) {
      // Also of folders, which add no file.
      if (++count > MAX_ENTRIES) throw invalid(`expected at most ${MAX_FILES} files`);
      bounds.expect(entry.header);
      const name = fileName(entry.header, files, place);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (name !== undefined) files.set(name, Buffer.concat(chunks));
    }
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw invalid(`not a complete tar.gz: ${(cause as Error).message}`, cause);
  }
  const card = files.get('card.json');
  if (!card) throw invalid('card.json: the file is missing');
  files.delete('card.json');
  return files.set('card.json', card);
}

/**
 * Verifies uploaded files. Beyond the checks of opening a version, the card must list every file but the annotations, since an unlisted
 * one has no checksum. Throws `INVALID_ARCHIVE` with file and reason.
 */
export function verifyUpload(files: VersionFiles, createEngine: EngineFactory): Card {
  try {
    checkFileSizes(files);
    const { card, shape } = readVersion(files);
    if (files.has(UPLOAD_MARK)) throw invalid(`${UPLOAD_MARK}: the name is reserved for the store`);
    for (const [name, content] of files) {
      if (name === 'card.json' || (name === ANNOTATIONS_FILE && !Object.hasOwn(card.files, name))) continue;
      const listed = Object.hasOwn(card.files, name) ? card.files[name] : undefined;
      if (!listed) throw invalid(`${name}: the card does not list it`);
      if (listed.bytes !== content.byteLength) {
        throw invalid(`${name}: the card lists ${listed.bytes} bytes, but it has ${content.byteLength}`);
      }
    }
    const units = shape.hidden.reduce((sum, each) => sum + each, shape.inputs + shape.outputs);
    if (units > MAX_UNITS) throw invalid(`card.json/network: expected at most ${MAX_UNITS} units, got ${units}`);
    if (!isDeepStrictEqual(parseFile('model.json', file(files, 'model.json')), JSON.parse(layersModelJson(shape)))) {
      throw invalid("model.json: not the card's network as this program writes it");
    }
    checkVersionBounds(card, parseProbe(file(files, 'probe.json'), card));
    verifyBaseline(files, card);
    evaluationOf(card, files.get(EVALUATION_FILE));
    if (Object.hasOwn(card.files, ANNOTATIONS_FILE)) throw invalid(`${ANNOTATIONS_FILE}: the card must not list it`);
    parseAnnotations(files.get(ANNOTATIONS_FILE));
    openVersion(files, createEngine).predictor.close();
    return card;
  } catch (cause) {
    if (cause instanceof DomainError && cause.code === 'INVALID_ARCHIVE') throw cause;
    if (cause instanceof DomainError) throw invalid(cause.message, cause);
    throw cause;
  }
}

function verifyBaseline(files: VersionFiles, card: Card): void {
  const content = files.get('baseline.json');
  if ((content === undefined) !== (card.baseline === null)) {
    throw invalid(
      `baseline.json: the card ${card.baseline ? 'describes one, but the file is missing' : 'describes none'}`,
    );
  }
  if (!content) return;
  checkBaselineSize(files, card);
  readBaselineOf(card, Buffer.from(content).toString());
}

/** The folder of an archive's files, '' for its top; undefined before the first entry in one. */
interface Place {
  folder: string | undefined;
}

/** Returns the plain name of an entry, or undefined for a folder, which `tar` puts before its files, and for what macOS adds. */
function fileName({ name, type }: Headers, files: VersionFiles, place: Place): string | undefined {
  const path = name.replace(/^(\.\/)+/, '').replace(/\/$/, '');
  if (OF_MACOS.test(path) && (type === 'file' || type === 'directory')) return undefined;
  const isFolder = type === 'directory';
  if (isFolder && (path === '' || path === '.')) return undefined;
  if (!isFolder && type !== 'file' && type !== 'contiguous-file') {
    throw invalid(`${show(name)}: expected a plain file, got a ${type}`);
  }
  const at = isFolder ? path.length : path.indexOf('/');
  const folder = path.slice(0, Math.max(at, 0));
  const plain = isFolder ? '' : path.slice(at + 1);
  place.folder ??= folder;
  if (at === 0 || folder !== place.folder || !FOLDER_NAME.test(folder) || (!isFolder && !FILE_NAME.test(plain))) {
    throw invalid(
      `${show(name)}: expected a plain file name, such as card.json, at the top of the archive or in its only folder`,
    );
  }
  if (isFolder) return undefined;
  // Compared as a case-insensitive file system would.
  const known = Array.from(files.keys(), (other) => other.toLowerCase());
  if (known.includes(plain.toLowerCase())) throw invalid(`${show(name)}: it appears twice`);
  if (files.size === MAX_FILES) throw invalid(`expected at most ${MAX_FILES} files`);
  return plain;
}

/** Bounds what is unpacked. An archive that is not valid is refused before its rest is unpacked. */
class UnpackedBounds {
  private readonly limit: number;
  /** Bytes that belong to the files so far. */
  private expected = MAX_OVERHEAD;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Called with the header of a file before its content arrives. Throws `INVALID_ARCHIVE` if its size is no number. */
  expect({ name, size }: Headers): void {
    // An extended header can hold any text for the size.
    if (!Number.isSafeInteger(size) || size! < 0) throw invalid(`${show(name)}: its size is not valid`);
    this.expected += size!;
  }

  /** Passes bytes on. Throws `TOO_LARGE`, or `INVALID_ARCHIVE` if a header is so large that reading it takes long. */
  async *pass(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let seen = 0;
    for await (const chunk of source) {
      seen += chunk.length;
      if (seen > this.limit) {
        throw new DomainError('TOO_LARGE', `archive: expected at most ${this.limit} bytes when unpacked`);
      }
      if (seen > this.expected) throw invalid(`expected at most ${MAX_OVERHEAD} bytes beside the files`);
      yield chunk;
    }
  }
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_ARCHIVE', `archive: ${message}`, { cause });
}

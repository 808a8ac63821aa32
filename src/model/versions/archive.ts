import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import type { Headers } from 'tar-stream';
import { DomainError, show } from '../../base/domain-error.js';
import { readBaseline } from '../baseline/read-baseline.js';
import type { EngineFactory } from '../network/engine.js';
import { layersModelJson } from '../network/layers-format.js';
import type { Card } from './card.js';
import { openVersion, readVersion, UPLOAD_MARK, type VersionFiles } from './version.js';

/** A version has five files; more than this is no version. */
const MAX_FILES = 16;

/** Inputs, outputs and hidden units in all: an engine's memory grows with them, a card costs a few bytes. */
const MAX_UNITS = 2 ** 16;

/** A plain name: no folder, not hidden, no way out of the directory it is written to. */
const FILE_NAME = /^[A-Za-z0-9_][\w.-]{0,99}$/;

/**
 * A version as a tar.gz of the files that its card names, the card last. The same version gives the same bytes.
 * Throws `INVALID_VERSION` if a file is not the card's.
 */
export async function packArchive(files: VersionFiles): Promise<Readable> {
  const { card } = readVersion(files);
  const { default: tar } = await import('tar-stream');
  const archive = tar.pack();
  const mtime = new Date(card.created_at);
  for (const name of [...Object.keys(card.files), 'card.json']) {
    archive.entry({ name, mtime, mode: 0o644 }, Buffer.from(files.get(name)!));
  }
  archive.finalize();
  const gzip = createGzip();
  // An error of either ends the other, and whoever reads is told.
  pipeline(archive, gzip).catch(() => {});
  return gzip;
}

/**
 * Reads a tar.gz as it arrives, to at most `limit` bytes unpacked, into the files of one version, the card last. Nothing
 * is written: what a hostile archive names reaches no disk. Throws `INVALID_ARCHIVE`, naming the entry, if it holds
 * anything but plain files at its top, each once; `TOO_LARGE`; or what `archive` throws.
 */
export async function unpackArchive(archive: Readable, limit: number): Promise<VersionFiles> {
  const { default: tar } = await import('tar-stream');
  const entries = tar.extract();
  // Whatever breaks on the way ends the entries with its error, and is told below.
  pipeline(archive, createGunzip(), bound(limit), entries).catch(() => {});
  const files = new Map<string, Uint8Array>();
  try {
    for await (const entry of entries) {
      const name = fileName(entry.header, files);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (name !== undefined) files.set(name, Buffer.concat(chunks));
    }
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw invalid(`not a whole tar.gz: ${(cause as Error).message}`, cause);
  }
  const card = files.get('card.json');
  if (!card) throw invalid('card.json: the file is missing');
  files.delete('card.json');
  return files.set('card.json', card);
}

/**
 * Verifies files that come from elsewhere: as whenever a version is opened, and that they are just those that the card
 * tells, since what it does not tell has no checksum. Throws `INVALID_ARCHIVE`, naming file and reason.
 */
export function verifyUpload(files: VersionFiles, createEngine: EngineFactory): Card {
  try {
    const { card, shape } = readVersion(files);
    if (files.has(UPLOAD_MARK)) throw invalid(`${UPLOAD_MARK}: a name that the store gives itself`);
    for (const [name, content] of files) {
      if (name === 'card.json') continue;
      const told = Object.hasOwn(card.files, name) ? card.files[name] : undefined;
      if (!told) throw invalid(`${name}: the card does not name it`);
      if (told.bytes !== content.byteLength) {
        throw invalid(`${name}: the card tells ${told.bytes} bytes, it has ${content.byteLength}`);
      }
    }
    const units = shape.hidden.reduce((sum, each) => sum + each, shape.inputs + shape.outputs);
    if (units > MAX_UNITS) throw invalid(`card.json/network: expected at most ${MAX_UNITS} units, got ${units}`);
    if (!isDeepStrictEqual(readJson(files, 'model.json'), JSON.parse(layersModelJson(shape)))) {
      throw invalid("model.json: not the network of the card and its weights, in this program's form");
    }
    verifyBaseline(files, card);
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
    throw invalid(`baseline.json: the card tells ${card.baseline ? 'of one' : 'of none'}`);
  }
  if (!content) return;
  const { features, outputs } = readBaseline(Buffer.from(content).toString());
  const names = (columns: readonly { name: string }[]) => columns.map(({ name }) => name);
  if (!isDeepStrictEqual([names(features), names(outputs)], [card.features, card.targets])) {
    throw invalid("baseline.json: its columns are not the card's");
  }
}

/** The name of a file to keep; undefined for the folder itself, which `tar -C version .` puts first. */
function fileName({ name, type }: Headers, files: VersionFiles): string | undefined {
  if (type === 'directory' && (name === './' || name === '.')) return undefined;
  const plain = name.replace(/^\.\//, '');
  if (type !== 'file' && type !== 'contiguous-file')
    throw invalid(`${show(name)}: expected a plain file, got a ${type}`);
  if (!FILE_NAME.test(plain)) {
    throw invalid(`${show(name)}: expected a plain file name at the top of the archive, such as card.json`);
  }
  // As a file system that ignores case would take it.
  const known = Array.from(files.keys(), (other) => other.toLowerCase());
  if (known.includes(plain.toLowerCase())) throw invalid(`${show(name)}: it is there twice`);
  if (files.size === MAX_FILES) throw invalid(`expected at most ${MAX_FILES} files`);
  return plain;
}

/** Passes bytes on until they are more than `limit`: what unpacks to more than it should is not unpacked. */
function bound(limit: number) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let seen = 0;
    for await (const chunk of source) {
      seen += chunk.length;
      if (seen > limit) throw new DomainError('TOO_LARGE', `archive: expected at most ${limit} bytes when unpacked`);
      yield chunk;
    }
  };
}

function readJson(files: VersionFiles, name: string): unknown {
  const content = files.get(name);
  if (!content) throw invalid(`${name}: the file is missing`);
  try {
    return JSON.parse(Buffer.from(content).toString());
  } catch (cause) {
    throw invalid(`${name}: not JSON`, cause);
  }
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_ARCHIVE', `archive: ${message}`, { cause });
}

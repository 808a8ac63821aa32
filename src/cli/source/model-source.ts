import { createReadStream, statSync } from 'node:fs';
import { DomainError } from '../../base/domain-error.js';
import { filesIn } from '../../base/files/directory.js';
import type { Intervals } from '../../model/intervals/intervals.js';
import type { Predictor } from '../../model/network/predictor.js';
import type { FileStore } from '../../model/store/file-store.js';
import { readAnnotated } from '../../model/store/version-annotations.js';
import { unpackArchive } from '../../model/versions/archive.js';
import type { Card } from '../../model/versions/card.js';
import { openVersion, readFiles, type VersionFiles } from '../../model/versions/version.js';
import { fileError } from '../terminal/file-error.js';
import { configuredEngine } from './configured-engine.js';
import type { ModelOptions } from './model-options.js';
import { ServiceClient } from './service-client.js';
import { settings, storeOf } from './settings.js';

/** Bytes of an archive when unpacked. A version is far smaller. */
const MAX_ARCHIVE = 2 ** 30;

/** The files of a version, and where they come from. */
export interface ModelSource {
  /** For people, such as `version 3 of models/cars`. */
  readonly label: string;
  /** The version's number; null for a directory or an archive, which has none. */
  readonly version: number | null;
  readonly files: VersionFiles;
  /** The store that it is in, if it is in one. */
  readonly store?: FileStore;
}

/** A model that is ready to predict. */
export interface OpenModel extends ModelSource, Disposable {
  readonly card: Card;
  readonly predictor: Predictor;
  /** Undefined for a version of an earlier release. */
  readonly intervals: Intervals | undefined;
}

/**
 * Reads a version's files from where the options say: a directory, an archive, a running service, or else the store. Throws
 * `VERSION_NOT_FOUND` with the versions that there are, `INVALID_VERSION` or `INVALID_ARCHIVE`.
 */
export async function readModel(options: ModelOptions): Promise<ModelSource> {
  const { model, url, key, version } = options;
  if (model !== undefined) return { label: model, version: null, files: await readPath(model) };
  if (url !== undefined) return readFromService(new ServiceClient(url, key), version);
  const store = storeOf(settings(options));
  const number = version ?? (await productionOf(store));
  return {
    label: `version ${number} of ${store.location}`,
    version: number,
    files: await readAnnotated(store, number),
    store,
  };
}

/** Reads a version, verifies it, and builds its engine. Throws as `readModel`. */
export async function openModel(options: ModelOptions): Promise<OpenModel> {
  const source = await readModel(options);
  const opened = openVersion(source.files, await configuredEngine(settings(options)));
  const { card, predictor, intervals } = opened;
  return { ...source, card, predictor, intervals, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

async function readPath(path: string): Promise<VersionFiles> {
  try {
    if (!statSync(path).isDirectory()) return await unpackArchive(createReadStream(path), MAX_ARCHIVE);
  } catch (error) {
    throw fileError(path, 'read', error);
  }
  const names = await filesIn(path);
  if (names.includes('card.json')) return readFiles(path, names);
  throw new DomainError(
    'VERSION_NOT_FOUND',
    `${path} is no version's directory: it has no card.json; --store names a store`,
  );
}

async function readFromService(client: ServiceClient, requested: number | undefined): Promise<ModelSource> {
  const version = requested ?? (await servingOf(client));
  const files = await unpackArchive(await client.stream(`models/${version}/archive`), MAX_ARCHIVE);
  return { label: `version ${version} of ${client.url}`, version, files };
}

export async function servingOf(client: ServiceClient): Promise<number> {
  const { serving } = await client.json<{ serving: string | null }>('models');
  if (serving !== null) return Number(serving);
  throw new DomainError('NOT_READY', `${client.url}: no version serves there; --version names one`);
}

async function productionOf(store: FileStore): Promise<number> {
  const { production } = await store.aliases();
  if (production !== null) return production;
  const versions = await store.list();
  const advice =
    versions.length > 0
      ? `no version is in production; --version names one of ${versions.join(', ')}`
      : 'there is no version; `reconstruction-regressor train FILE --target COLUMN` makes one';
  throw new DomainError('VERSION_NOT_FOUND', `${store.location}: ${advice}`);
}

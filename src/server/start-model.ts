import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Reference } from '../model/feedback/feedback-table.js';
import type { FileStore } from '../model/store/file-store.js';
import { fileToTable } from '../model/tables/reader/table-reader.js';
import { UNLIMITED } from '../model/tables/table-limits.js';
import { DEFAULT_TRAINING } from '../model/training/training-options.js';
import type { Promote } from '../model/versions/gate-decision.js';
import type { Config } from './config.js';
import { type Parts, referenceOf } from './parts.js';
import type { Platform } from './platform.js';
import { GATED } from './service/training/promotion.js';
import { adoptArtifact } from './service/versions/adopt-artifact.js';
import { checkStore } from './service/versions/check-store.js';
import { activated } from './service/versions/model-loader.js';

/**
 * Serves the platform's artifact, else a version of the store, else a first model that it trains. The server listens
 * meanwhile and reports why it is not ready. Never rejects: without a model, POST /train can still make one.
 */
export async function startModel(parts: Parts, config: Config, platform: Platform): Promise<void> {
  const { service, store, loader, log } = parts;
  const directory = join(config.MODEL_STORE, config.MODEL_NAME);
  const isNew = !existsSync(directory);
  let step = `reading ${config.MODEL_STORE}`;
  try {
    await checkStore(store, log);
    await sweep(store, log);
    step = `reading ${platform.artifact}`;
    if (await serveArtifact(parts, platform)) return;
    step = `reading ${config.MODEL_STORE}`;
    if (await loader.activateStored()) return;
    const reference = referenceOf(config);
    if (!reference) {
      const missing = [...missingArtifact(platform), `${directory}: ${await missingVersion(store, isNew)}`].join('; ');
      log.warn({ directory: process.cwd() }, `no model: ${missing}`);
      service.explainNotReady(`no model: ${missing}; POST /train can make one, or TRAIN_DATA a first one at the start`);
      return;
    }
    step = `training the first model on ${config.TRAIN_DATA}`;
    service.explainNotReady(step);
    await trainFirst(parts, reference, config.TRAIN_PROMOTE === 'always' ? 'always' : 'gate');
  } catch (error) {
    log.error({ err: error }, 'there is no model to serve; POST /train can still make one');
    const { code = 'INTERNAL', message } = error as { code?: string; message: string };
    // Which versions there are, and why none serves.
    const reason = code === 'INVALID_VERSION' ? message : `${step} failed (${code})`;
    service.explainNotReady(`no model: ${reason}; POST /train can still make one`);
  }
}

/** Describes where a platform's artifact was looked for, and what is there instead. */
function missingArtifact({ artifact, remoteArtifact }: Platform): string[] {
  if (remoteArtifact) return [`AIP_STORAGE_URI=${remoteArtifact}: not a local path, and it cannot be read`];
  if (!artifact) return [];
  return [`${artifact}: ${existsSync(artifact) ? 'no card.json is there, or in a folder of it' : 'no such directory'}`];
}

async function missingVersion(store: FileStore, isNew: boolean): Promise<string> {
  if (isNew) return 'the directory did not exist';
  return (await store.list()).length > 0 ? 'none of its versions can be served' : 'no version is there';
}

/** Removes leftovers of processes that died. A failure does not keep the service from starting. */
async function sweep(store: FileStore, log: Logger): Promise<void> {
  try {
    const swept = await store.sweep();
    if (swept > 0) log.warn({ swept }, 'removed leftovers of an interrupted training');
  } catch (err) {
    log.error({ err }, 'leftovers of an interrupted training could not be removed');
  }
}

/** Serves the version that the platform has put into the container. Returns false if there is none. */
async function serveArtifact(
  { store, createEngine, loader, changes, log }: Parts,
  { artifact, remoteArtifact }: Platform,
): Promise<boolean> {
  if (remoteArtifact) {
    log.warn({ artifact: remoteArtifact }, 'AIP_STORAGE_URI is not a local path; the model store is served');
  }
  const version = artifact === undefined ? undefined : await adoptArtifact(artifact, store, createEngine, changes);
  if (version === undefined) return false;
  const why = { reason: "the platform's artifact" };
  await changes.record('activate', String(version), why, () => loader.activate(version), activated);
  return true;
}

/** Trains a first model. If the gate refuses it, nothing serves, and `Promotion` has logged why. */
async function trainFirst({ jobs, changes }: Parts, { path, targets }: Reference, promote: Promote): Promise<void> {
  const table = { format: 'csv', targets, model: null, replace: false, limits: UNLIMITED } as const;
  const prepare = (directory: string) => fileToTable(createReadStream(path), { ...table, directory });
  const job = await changes.record(
    'train',
    null,
    { reason: 'there is no version' },
    () => jobs.start(prepare, { ...DEFAULT_TRAINING, trials: 1 }, { ...GATED, promote }),
    ({ id }) => ({ job: id }),
  );
  const { error } = await jobs.finished(job.id);
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
}

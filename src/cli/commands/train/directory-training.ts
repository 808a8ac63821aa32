import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DomainError } from '../../../base/domain-error.js';
import { flushDirectory, isCode } from '../../../base/files/directory.js';
import type { Config } from '../../../server/config.js';
import { UsageError } from '../../terminal/exit-codes.js';
import { fileError } from '../../terminal/file-error.js';
import { removeAtExit } from '../../terminal/interruption.js';
import { trainInStore } from './store-training.js';
import type { TrainedVersion, TrainOptions } from './train-options.js';

/** Trains a version, and writes its files to a directory of its own, which appears when they are whole. */
export async function trainToDirectory(file: string, options: TrainOptions, config: Config): Promise<TrainedVersion> {
  const out = resolve(options.out!);
  // A store of its own beside the directory, on the same disk.
  const store = join(dirname(out), `.${basename(out)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  const forget = removeAtExit(store);
  try {
    const trained = await trainInStore(file, options, { ...config, MODEL_STORE: store, FEEDBACK_STORE: '' });
    const isRefused = trained.gate?.decision === 'refused';
    if (isRefused) {
      throw new DomainError(
        'TRAINING_DIVERGED',
        `the gate refused the model, and ${options.out} was not written: ${trained.gate.reason}; --promote always overrules it`,
      );
    }
    removeEmpty(out);
    renameSync(join(store, config.MODEL_NAME, trained.model_version!), out);
    flushDirectory(dirname(out));
    return { ...trained, where: options.out!, model_version: null, serves: false };
  } catch (error) {
    throw fileError(options.out!, 'written', error);
  } finally {
    rmSync(store, { recursive: true, force: true });
    forget();
  }
}

/** Throws a `UsageError` if the directory has files already. */
export function requireFree(path: string): void {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw isCode(error, 'ENOTDIR')
      ? new UsageError(`--out ${path}: it is a file; name a directory`)
      : fileError(path, 'read', error);
  }
  if (names.length > 0) throw new UsageError(`--out ${path}: the directory is not empty; name a new one`);
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

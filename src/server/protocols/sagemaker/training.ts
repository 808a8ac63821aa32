import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import { filesIn } from '../../../base/files/directory.js';
import type { EngineName } from '../../../model/engines/load-engine.js';
import { csvToTable } from '../../../model/tables/csv/csv-table.js';
import type { GateRequest } from '../../../model/training/serving-model.js';
import { runTraining } from '../../../model/training/trainer.js';
import type { Epoch } from '../../../model/versions/metrics.js';
import { readFiles, writeFiles } from '../../../model/versions/version.js';
import { checkHosts, openChannel, readHyperparameters } from './training-files.js';

/** Characters of a failure that SageMaker shows. */
const MAX_SHOWN = 1024;

/** There is no model here that serves; the card tells how the new one compares to the mean. */
const UNGATED: GateRequest = { promote: 'always', tolerance: 0, serving: null };

export interface SagemakerTrainingOptions {
  /** `/opt/ml`. */
  readonly base: string;
  readonly engine: EngineName;
  readonly log: Logger;
  /** Aborted when the job is stopped. */
  readonly signal: AbortSignal;
}

/**
 * The container's argument `train`: trains on the CSV files of the training channel, and writes the version's files to
 * `<base>/model`, from where `serve` takes them. Never rejects: gives the exit code, and a failure's reason is in
 * `<base>/output/failure`.
 */
export async function trainForSagemaker({ base, engine, log, signal }: SagemakerTrainingOptions): Promise<number> {
  const stage = await mkdtemp(join(tmpdir(), 'training-'));
  try {
    await checkHosts(base);
    const { targets, options } = await readHyperparameters(base);
    const { channel, files, source } = await openChannel(base);
    const { rows, dropped } = await csvToTable(source, join(stage, 'table'), targets);
    log.info({ channel, files, rows, dropped, options }, 'training started');
    const onEpoch = (epoch: Epoch) => log.info(epoch, 'epoch');
    const { metrics } = await runTraining({ stage, engine, options, gate: UNGATED }, onEpoch, signal);
    const version = join(stage, 'version');
    writeFiles(join(base, 'model'), await readFiles(version, await filesIn(version)));
    log.info({ metrics }, 'training ended');
    return 0;
  } catch (error) {
    log.error({ err: error }, 'training failed');
    const reason = error instanceof DomainError ? `${error.code}: ${error.message}` : String(error);
    await tellFailure(base, reason.slice(0, MAX_SHOWN)).catch((err) => log.error({ err }, 'the failure was not told'));
    return 1;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function tellFailure(base: string, reason: string): Promise<void> {
  await mkdir(join(base, 'output'), { recursive: true });
  await writeFile(join(base, 'output/failure'), reason);
}

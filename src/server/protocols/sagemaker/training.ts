import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import { filesIn } from '../../../base/files/directory.js';
import type { EngineName } from '../../../model/engines/load-engine.js';
import { csvToTable } from '../../../model/tables/csv/csv-table.js';
import type { GateRequest } from '../../../model/training/gate/serving-model.js';
import { runTraining } from '../../../model/training/process/trainer.js';
import type { Epoch } from '../../../model/versions/metrics.js';
import { readFiles, writeFiles } from '../../../model/versions/version.js';
import { checkHosts, openChannel, readHyperparameters } from './training-files.js';

/** Maximum length of a failure's reason that SageMaker shows. */
const MAX_SHOWN = 1024;

/** No model serves here, so the gate is open. The card compares the new model with the mean. */
const UNGATED: GateRequest = { promote: 'always', tolerance: 0, serving: null };

export interface SagemakerTrainingOptions {
  /** `/opt/ml`. */
  readonly base: string;
  readonly engine: EngineName;
  readonly log: Logger;
  /** Aborts when the job is stopped. */
  readonly signal: AbortSignal;
}

/**
 * Runs the container's argument `train`: trains on the CSV files of the training channel, and writes the version's files to
 * `<base>/model`, where `serve` finds them. Never rejects: returns the exit code, and writes the reason of a failure to
 * `<base>/output/failure`.
 */
export async function trainForSagemaker({ base, engine, log, signal }: SagemakerTrainingOptions): Promise<number> {
  const stage = await mkdtemp(join(tmpdir(), 'training-'));
  try {
    await checkHosts(base);
    const { targets, options, choices } = await readHyperparameters(base);
    const { channel, files, source } = await openChannel(base);
    const { rows, dropped } = await csvToTable(source, join(stage, 'table'), targets, undefined, { choices });
    log.info({ channel, files, rows, dropped, options, choices }, 'training started');
    const onEpoch = (epoch: Epoch) => log.info(epoch, 'epoch');
    const { metrics } = await runTraining({ stage, engine, options, gate: UNGATED }, onEpoch, signal);
    const version = join(stage, 'version');
    writeFiles(join(base, 'model'), await readFiles(version, await filesIn(version)));
    log.info({ metrics }, 'training ended');
    return 0;
  } catch (error) {
    log.error({ err: error }, 'training failed');
    const reason = error instanceof DomainError ? `${error.code}: ${error.message}` : String(error);
    await writeFailure(base, reason.slice(0, MAX_SHOWN)).catch((err) =>
      log.error({ err }, 'the reason of the failure could not be written'),
    );
    return 1;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function writeFailure(base: string, reason: string): Promise<void> {
  await mkdir(join(base, 'output'), { recursive: true });
  await writeFile(join(base, 'output/failure'), reason);
}

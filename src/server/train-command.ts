import type { Logger } from 'pino';
import type { Config } from './config.js';
import type { Platform } from './platform.js';

/** Runs the container's argument `train`, of SageMaker. Returns the exit code. */
export async function runTrainCommand(config: Config, platform: Platform, log: Logger): Promise<number> {
  const { trainForSagemaker } = await import('./protocols/sagemaker/training.js');
  const abort = new AbortController();
  process.once('SIGTERM', () => abort.abort());
  const { base, trainingJob } = platform;
  const jobLog = trainingJob ? log.child({ training_job: trainingJob }) : log;
  return trainForSagemaker({ base, engine: config.ENGINE, log: jobLog, signal: abort.signal });
}

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { FeedbackStore } from '../model/feedback/feedback-store.js';
import { type EngineFactory, loadEngine } from '../model/network/engine.js';
import { FileStore } from '../model/store/file-store.js';
import { csvToTable } from '../model/tables/csv/csv-table.js';
import { DEFAULT_TRAINING } from '../model/training/training.js';
import { buildApp } from './app.js';
import { type Config, readConfig } from './config.js';
import { type Platform, readPlatform } from './platform.js';
import { DriftService } from './service/drift/drift-service.js';
import { Feedback } from './service/feedback/feedback-service.js';
import { PredictionService } from './service/prediction/prediction-service.js';
import { Retraining } from './service/training/retraining.js';
import { TrainingJobs } from './service/training/training-jobs.js';
import { adoptArtifact } from './service/versions/adopt-artifact.js';
import { checkStore } from './service/versions/check-store.js';
import { ModelLoader } from './service/versions/model-loader.js';

/** What runs is finished within this time after SIGTERM or SIGINT, in milliseconds, or cut off. */
const GRACE = 9000;
const CUT = 7000;
/** Milliseconds from one look for what other processes activated or re-baselined to the next, where the file system tells nothing. */
const LOOK = 5000;

const [, , command] = process.argv;
if (command !== undefined && command !== 'serve' && command !== 'train') {
  process.stderr.write(`${command}: expected serve, train or nothing\n`);
  process.exit(1);
}
const platform = platformOrExit();
const config = configOrExit();
const log = pino({
  level: config.LOG_LEVEL,
  ...(process.stdout.isTTY ? { transport: { target: 'pino-pretty' } } : {}),
});
if (command === 'train') await trainAndExit();
const directory = join(config.MODEL_STORE, config.MODEL_NAME);
const store = new FileStore(directory);
const service = new PredictionService(log);
const createEngine = await engineOrExit();
const drift = new DriftService({
  store,
  log,
  rowsBetweenFalseAlarms: config.DRIFT_ROWS_BETWEEN_FALSE_ALARMS,
  windowRows: config.DRIFT_WINDOW_ROWS,
});
const loader = new ModelLoader({ store, createEngine, service, drift, log });
const jobs = new TrainingJobs({
  store,
  engine: config.ENGINE,
  log,
  promotion: { service, loader, store, createEngine, tolerance: config.GATE_TOLERANCE, log },
});
const reference = { path: config.TRAIN_DATA, targets: config.TRAIN_TARGET.split(',') };
const allowMissing = config.ON_MISSING === 'mean';
const feedback = new Feedback({
  store: new FeedbackStore(config.FEEDBACK_STORE || join(directory, '.feedback'), {
    rows: config.FEEDBACK_ROWS,
    days: config.FEEDBACK_DAYS,
  }),
  service,
  log,
  maxRows: config.MAX_ROWS,
  allowMissing,
  reference,
});
if (config.RETRAIN === 'on_drift' && platform.readOnly) {
  log.warn('RETRAIN=on_drift is left out: the platform wants a service that changes nothing (AIP_MODE=PREDICTION)');
} else if (config.RETRAIN === 'on_drift') {
  const leastRows = config.FEEDBACK_LEAST_ROWS;
  new Retraining({ drift, feedback, jobs, store, log, leastRows, cooldown: 1000 * config.RETRAIN_COOLDOWN });
}
const app = await buildApp(
  { service, jobs, drift, feedback, store, loader, createEngine, log },
  {
    modelName: config.MODEL_NAME,
    bodyLimit: config.BODY_LIMIT,
    trainBodyLimit: config.TRAIN_BODY_LIMIT,
    maxRows: config.MAX_ROWS,
    allowMissing,
    keepVersions: config.KEEP_VERSIONS,
    featuresWithBins: config.DRIFT_FEATURES_WITH_BINS,
    flatten: config.FLATTEN === 'true',
    fastPath: config.FAST_PATH === 'on',
    vertex: platform.vertex,
    readOnly: platform.readOnly,
  },
);

const stopFollowing = store.watch(() => void loader.follow().then(() => drift.followBaseline()), LOOK);
closeWithGrace({ delay: GRACE, logger: log }, async ({ err, signal }) => {
  if (err) log.fatal({ err }, 'uncaught error');
  else log.info({ signal }, 'shutting down');
  service.drain('shutting down');
  stopFollowing();
  await jobs.close();
  // A client that is still sending by then is not waited for.
  setTimeout(() => app.server.closeAllConnections(), CUT).unref();
  await drift.close();
  await app.close();
});
await app.listen({ host: config.HOST, port: config.PORT });
await start();

/** Serves what served before, or another good version, or trains the first. The service listens, and tells why it is not ready. */
async function start(): Promise<void> {
  let doing = `reading ${config.MODEL_STORE}`;
  try {
    await checkStore(store, log);
    await sweep();
    doing = `reading ${platform.artifact}`;
    if (await serveArtifact()) return;
    doing = `reading ${config.MODEL_STORE}`;
    if (await loader.activateStored()) return;
    doing = `training the first model on ${reference.path}`;
    service.explainNotReady(doing);
    await trainFirst();
  } catch (error) {
    log.error({ err: error }, 'there is no model to serve; POST /train can still make one');
    const { code = 'INTERNAL' } = error as { code?: string };
    service.explainNotReady(`no model: ${doing} failed (${code}); POST /train can still make one`);
  }
}

/** Serves what a platform has put there for this container. False if it has put nothing there. */
async function serveArtifact(): Promise<boolean> {
  const { artifact, unread } = platform;
  if (unread) log.warn({ artifact: unread }, 'AIP_STORAGE_URI is no local path; the model store is served');
  const version = artifact === undefined ? undefined : await adoptArtifact(artifact, store, createEngine);
  if (version === undefined) return false;
  await loader.activate(version);
  return true;
}

/** The container's argument `train`, of SageMaker. */
async function trainAndExit(): Promise<never> {
  const { trainForSagemaker } = await import('./protocols/sagemaker/training.js');
  const abort = new AbortController();
  process.once('SIGTERM', () => abort.abort());
  const { base, trainingJob } = platform;
  const told = trainingJob ? log.child({ training_job: trainingJob }) : log;
  process.exit(await trainForSagemaker({ base, engine: config.ENGINE, log: told, signal: abort.signal }));
}

/** What cannot be removed stays, and is no reason not to serve. */
async function sweep(): Promise<void> {
  try {
    const swept = await store.sweep();
    if (swept > 0) log.warn({ swept }, 'removed what an interrupted training had left');
  } catch (err) {
    log.error({ err }, 'what an interrupted training had left could not be removed');
  }
}

async function trainFirst(): Promise<void> {
  const { path, targets } = reference;
  const prepare = (directory: string) => csvToTable(createReadStream(path), directory, targets);
  const job = await jobs.start(prepare, DEFAULT_TRAINING);
  const { error, gate } = await jobs.finished(job.id);
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
  if (gate?.decision === 'refused') throw Object.assign(new Error(gate.reason), { code: 'REFUSED' });
}

async function engineOrExit(): Promise<EngineFactory> {
  try {
    return await loadEngine(config.ENGINE);
  } catch (error) {
    process.stderr.write(`ENGINE=${config.ENGINE}: ${(error as Error).message}\n`);
    process.exit(1);
  }
}

function platformOrExit(): Platform {
  try {
    return readPlatform(process.env, command === 'serve');
  } catch (error) {
    process.stderr.write(`configuration: ${(error as Error).message}\n`);
    process.exit(1);
  }
}

function configOrExit(): Config {
  try {
    return readConfig(platform.environment);
  } catch (error) {
    process.stderr.write(`configuration: ${(error as Error).message}\n`);
    process.exit(1);
  }
}

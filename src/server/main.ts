import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { requireRowCounter } from '../drift/counts/wasm-row-counter.js';
import { loadEngine } from '../model/engines/load-engine.js';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { buildParts } from './parts.js';
import { readPlatform } from './platform.js';
import { retrainOnDrift } from './service/training/retraining.js';
import { startModel } from './start-model.js';

/** Milliseconds after SIGTERM or SIGINT after which the process exits, whatever still runs. */
const GRACE = 9000;
/** Milliseconds after SIGTERM or SIGINT after which open connections are cut off. */
const CONNECTION_GRACE = 7000;
/** Milliseconds between two checks for changes by other processes, where the file system does not report them. */
const POLL_INTERVAL = 5000;

const [, , command] = process.argv;
if (command !== undefined && command !== 'serve' && command !== 'train') {
  exit(`${command}: expected serve, train or nothing`);
}
const platform = await orExit('configuration', () => readPlatform(process.env, command === 'serve'));
const config = await orExit('configuration', () => readConfig(platform.environment));
const log = pino({
  level: config.LOG_LEVEL,
  ...(process.stdout.isTTY ? { transport: { target: 'pino-pretty' } } : {}),
});
if (command === 'train') {
  const { trainForSagemaker } = await import('./protocols/sagemaker/training.js');
  const abort = new AbortController();
  process.once('SIGTERM', () => abort.abort());
  const { base, trainingJob } = platform;
  const jobLog = trainingJob ? log.child({ training_job: trainingJob }) : log;
  process.exit(await trainForSagemaker({ base, engine: config.ENGINE, log: jobLog, signal: abort.signal }));
}

const createEngine = await orExit(`ENGINE=${config.ENGINE}`, async () => {
  const factory = await loadEngine(config.ENGINE);
  requireRowCounter();
  return factory;
});
const parts = buildParts(config, createEngine, log);
const { service, drift, loader, jobs, store } = parts;
if (config.RETRAIN === 'on_drift' && platform.readOnly) {
  log.warn('RETRAIN=on_drift is ignored: the platform requires a read-only service (AIP_MODE=PREDICTION)');
} else if (config.RETRAIN === 'on_drift') {
  retrainOnDrift({ ...parts, minRows: config.FEEDBACK_LEAST_ROWS, cooldown: 1000 * config.RETRAIN_COOLDOWN });
}
const app = await buildApp(parts, config, platform);

const stopWatching = store.watch(() => void loader.follow().then(() => drift.loadNewerBaseline()), POLL_INTERVAL);
closeWithGrace({ delay: GRACE, logger: log }, async ({ err, signal }) => {
  if (err) log.fatal({ err }, 'uncaught error');
  else log.info({ signal }, 'shutting down');
  service.drain('shutting down');
  stopWatching();
  await jobs.close();
  // A client that is still sending by then is cut off.
  setTimeout(() => app.server.closeAllConnections(), CONNECTION_GRACE).unref();
  await drift.close();
  await app.close();
});
await app.listen({ host: config.HOST, port: config.PORT });
await startModel(parts, config, platform);

/** Returns what `read` returns, or exits with the message of its error. */
async function orExit<T>(what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    return exit(`${what}: ${(error as Error).message}`);
  }
}

function exit(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

import closeWithGrace from 'close-with-grace';
import { requireRowCounter } from '../drift/counts/wasm-row-counter.js';
import { loadEngine } from '../model/engines/load-engine.js';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { createLog } from './log/create-log.js';
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
/**
 * Signals that close-with-grace does not handle. SIGHUP is taken for SIGTERM. The others report a fault of the process, which a
 * handler in JavaScript would repeat for ever instead of ending it.
 */
const SKIPPED = ['SIGHUP', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

const [, , command] = process.argv;
if (command !== undefined && command !== 'serve' && command !== 'train') {
  exit(`${command}: expected serve, train or nothing`);
}
const platform = await orExit('configuration', () => readPlatform(process.env, command === 'serve'));
const config = await orExit('configuration', () => readConfig(platform.environment));
const { log, output, end: endLog } = await createLog(config.LOG_LEVEL);
// A closing terminal may send it twice, by the kernel and by its shell: SIGTERM, sent twice, would end the process at once.
process.once('SIGHUP', () => {
  process.on('SIGHUP', () => {});
  process.kill(process.pid, 'SIGTERM');
});
if (command === 'train') {
  const { trainForSagemaker } = await import('./protocols/sagemaker/training.js');
  const abort = new AbortController();
  process.once('SIGTERM', () => abort.abort());
  const { base, trainingJob } = platform;
  const jobLog = trainingJob ? log.child({ training_job: trainingJob }) : log;
  const code = await trainForSagemaker({ base, engine: config.ENGINE, log: jobLog, signal: abort.signal });
  await endLog();
  process.exit(code);
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
const app = await buildApp(parts, config, platform, output);

const stopWatching = store.watch(() => void loader.follow().then(() => drift.loadNewerBaseline()), POLL_INTERVAL);
closeWithGrace({ delay: GRACE, logger: log, skip: [...SKIPPED] }, async ({ err, signal }) => {
  if (err) log.fatal({ err }, 'uncaught error');
  else log.info({ signal }, 'shutting down');
  service.drain('shutting down');
  stopWatching();
  await jobs.close();
  // A client that is still sending by then is cut off.
  setTimeout(() => app.server.closeAllConnections(), CONNECTION_GRACE).unref();
  await drift.close();
  await app.close();
  await endLog();
});
await listen();
await startModel(parts, config, platform);

/** Listens, or exits with one line, for example if the port is in use. */
async function listen(): Promise<void> {
  const { HOST: host, PORT: port } = config;
  await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
    exit(`HOST=${host} PORT=${port}: ${reason}`);
  });
}

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

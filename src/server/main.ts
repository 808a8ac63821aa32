import type { AddressInfo, Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { builtFile } from '../base/node/built-file.js';
import { takeInspectorSignal } from '../base/node/inspector-signal.js';
import { requireRowCounter } from '../drift/counts/wasm-row-counter.js';
import { loadEngine } from '../model/engines/load-engine.js';
import { isBothFamilies, requireDecision } from './access/perimeter/exposure.js';
import { buildApp } from './app.js';
import { buildAccess } from './build-access.js';
import { readConfig } from './config.js';
import { firstLines } from './first-lines.js';
import { HealthServer } from './health/health-server.js';
import { MoreAddresses } from './http/more-addresses.js';
import { createLog } from './log/create-log.js';
import { openModel } from './open-model.js';
import { readPlatform } from './platform.js';

/** Milliseconds after the shutdown delay after which the process exits, whatever still runs. */
const GRACE = 9000;
/** Milliseconds after the shutdown delay after which open connections are cut off. */
const CONNECTION_GRACE = 7000;
/** Milliseconds before the end of the shutdown delay in which a connection ends with its reply, but at most half of the delay. */
const LAST_REPLIES = 2000;
/**
 * Signals that close-with-grace does not handle. SIGHUP is taken for SIGTERM. The others report a fault of the process, which a
 * handler in JavaScript would repeat for ever instead of ending it.
 */
const SKIPPED = ['SIGHUP', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

/** Commands that the image offers beside the service, with the files that they run. */
const COMMANDS: Readonly<Record<string, string>> = { keys: 'keys.js', audit: 'audit.js' };

takeInspectorSignal();
const [, , command] = process.argv;
if (command !== undefined && Object.hasOwn(COMMANDS, command)) {
  await import(builtFile(COMMANDS[command]!).href);
  process.exit();
}
if (command !== undefined && command !== 'serve' && command !== 'train') {
  exit(`${command}: expected serve, train, ${Object.keys(COMMANDS).join(', ')} or nothing`);
}
const platform = await orExit('configuration', () => readPlatform(process.env, command === 'serve'));
const config = await orExit('configuration', () => readConfig(platform.environment));
const { log, output, end: endLog } = await createLog(config.LOG_LEVEL);
process.on('SIGUSR1', () => log.warn('SIGUSR1 is ignored: start Node.js with --inspect to debug the service'));
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
const access = await orExit('configuration', () => buildAccess(config, log));
await orExit('configuration', () => requireDecision(config.HOST, config.AUTH === 'off' || access.admission.isClosed));
const model = openModel(config, createEngine, platform, log);
const { parts } = model;
const { service } = parts;
let health: HealthServer | undefined;
const app = await buildApp(parts, config, platform, output, access);
const addresses = new MoreAddresses(app, announce);

const shutdownDelay = 1000 * config.SHUTDOWN_DELAY;
closeWithGrace({ delay: shutdownDelay + GRACE, logger: log, skip: [...SKIPPED] }, async ({ err, signal }) => {
  if (err) log.fatal({ err }, 'uncaught error');
  else log.info({ signal, delay: config.SHUTDOWN_DELAY }, 'shutting down');
  service.drain('shutting down');
  health?.beat();
  if (!err) await answerOn();
  // A client that is still sending by then is cut off.
  setTimeout(() => app.server.closeAllConnections(), CONNECTION_GRACE).unref();
  await model.close();
  await app.close();
  await health?.close();
  await endLog();
});
await listen();
await model.start();
// After the log of the start, so that nothing follows them unless something happens.
if (process.stdout.isTTY) output.write(welcome());

/** Listens, or exits with one line, for example if a port is in use. */
async function listen(): Promise<void> {
  const { PORT: port, HEALTH_PORT: healthPort, ADMIN_PORT: adminPort } = config;
  const isBoth = isBothFamilies(config.HOST);
  const host = isBoth ? '' : config.HOST;
  const address = host || '127.0.0.1';
  const orRefuse = (setting: string) => (error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
    exit(`${host ? `HOST=${host} ` : ''}${setting}: ${reason}`);
  };
  const [opened] = await Promise.all([
    healthPort > 0
      ? HealthServer.listen({ host, port: healthPort, service, isOpen: !access.admission.isClosed, log }).catch(
          orRefuse(`HEALTH_PORT=${healthPort}`),
        )
      : undefined,
    app
      .listen({ host: address, port, listenTextResolver: announce })
      .then(() => (isBoth ? addresses.listenIPv6Loopback(portOf(app.server), port === 0) : undefined))
      .catch(orRefuse(`PORT=${port}`)),
  ]);
  if (adminPort > 0) {
    await addresses
      .listen(address, adminPort)
      .then(() => (isBoth ? addresses.listenIPv6Loopback(adminPort, false) : undefined))
      .catch(orRefuse(`ADMIN_PORT=${adminPort}`));
  }
  health = opened;
  if (health) log.info({ port: healthPort }, 'health checks have a port of their own');
}

function welcome(): string {
  const { MODEL_NAME: model, MODEL_STORE, HOST: host, ADMIN_PORT, LOG_LEVEL: logLevel } = config;
  const port = portOf(app.server);
  return firstLines({
    model,
    serving:
      service.servingIfReady ?? `no version of ${MODEL_STORE} serves: the log says why, and a training makes one`,
    host,
    port,
    adminPort: ADMIN_PORT || port,
    isEncrypted: access.tls !== undefined,
    isClosed: access.admission.isClosed,
    logLevel,
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function announce(address: string): string {
  return `Server listening at ${access.tls ? address.replace('http:', 'https:') : address}`;
}

/** Answers requests and accepts connections until load balancers have noticed that the service is not ready. */
async function answerOn(): Promise<void> {
  const lastReplies = Math.min(LAST_REPLIES, shutdownDelay / 2);
  await wait(shutdownDelay - lastReplies);
  app.endConnectionsAfterReply();
  await wait(lastReplies);
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

import { createServer } from 'node:net';
import { usableMemory } from '../../../base/node/memory-limits.js';
import { requireRowCounter } from '../../../drift/counts/wasm-row-counter.js';
import { openVersion } from '../../../model/versions/version.js';
import { configuredEngine } from '../../source/configured-engine.js';
import type { ModelOptions } from '../../source/model-options.js';
import { settings, storeOf } from '../../source/settings.js';

/** What a check has found, and what to do. */
export interface Finding {
  readonly state: 'ok' | 'remark' | 'wrong';
  readonly message: string;
  readonly advice?: string;
}

type Check = (options: ModelOptions & { readonly port?: number }) => Promise<Finding> | Finding;

/** The oldest version of Node.js, as package.json says. */
const NODE = [20, 19] as const;
const MIB = 2 ** 20;
/** Below these, something will fail soon. */
const MIN_FREE = 128 * MIB;
const MIN_MEMORY = 256 * MIB;
/** A clock before this is not set: the program is newer. */
const MIN_TIME = Date.parse('2026-01-01');

/** All checks, in their order. A check that throws has found something wrong. */
export const CHECKS: Readonly<Record<string, Check>> = {
  'Node.js': node,
  settings: (options) => {
    settings(options);
    return { state: 'ok', message: 'all are valid' };
  },
  engine,
  port,
  store,
  model,
  disk,
  memory,
  clock,
};

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < NODE[0] || (major === NODE[0] && minor < NODE[1]);
  const message = `${process.version} on ${process.platform} ${process.arch}`;
  return isOld
    ? { state: 'wrong', message, advice: `install Node.js ${NODE.join('.')} or later` }
    : { state: 'ok', message };
}

async function engine(options: ModelOptions): Promise<Finding> {
  const { ENGINE } = settings(options);
  await configuredEngine({ ENGINE });
  requireRowCounter();
  return { state: 'ok', message: `ENGINE=${ENGINE} loads` };
}

async function port({ port: requested, ...options }: ModelOptions & { readonly port?: number }): Promise<Finding> {
  const { HOST, PORT } = settings(options);
  const number = requested ?? PORT;
  const where = `port ${number} of ${HOST || '127.0.0.1'}`;
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(number, HOST || '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return { state: 'ok', message: `${where} is free` };
  if (code === 'EADDRINUSE') {
    return {
      state: 'remark',
      message: `${where} is in use`,
      advice: 'the service runs already, or PORT names another one',
    };
  }
  return {
    state: 'wrong',
    message: `${where} cannot be listened on (${code})`,
    advice: 'HOST and PORT name another one',
  };
}

async function store(options: ModelOptions): Promise<Finding> {
  const files = storeOf(settings(options));
  const versions = await files.list();
  if (versions.length === 0)
    return { state: 'remark', message: `${files.location} has no version`, advice: 'train makes one' };
  const { production } = await files.aliases();
  const message = `${files.location}: ${versions.length} versions, ${production === null ? 'none' : `version ${production}`} in production`;
  if (production === null) return { state: 'remark', message, advice: 'activate puts one into production' };
  return { state: 'ok', message };
}

async function model(options: ModelOptions): Promise<Finding> {
  const config = settings(options);
  const files = storeOf(config);
  const { production } = await files.aliases();
  if (production === null) return { state: 'remark', message: 'none is in production' };
  using opened = openVersion(await files.read(production), await configuredEngine(config));
  return {
    state: 'ok',
    message: `version ${production} is whole, and predicts its probe as when it was made (${opened.predictor.engine.name})`,
  };
}

async function disk(options: ModelOptions): Promise<Finding> {
  const files = storeOf(settings(options));
  // The test of writing makes the directory: a store that does not exist yet is left so.
  const exists = (await files.list()).length > 0;
  const { writable, reason, free_bytes } = exists
    ? await files.health()
    : { writable: true, reason: null, free_bytes: null };
  if (!writable) return { state: 'wrong', message: `${files.location} is not writable`, advice: reason ?? 'unknown' };
  if (free_bytes === null) return { state: 'ok', message: 'nothing to say before there is a store' };
  const message = `${Math.round(free_bytes / MIB)} MiB are free, and ${files.location} is writable`;
  return free_bytes < MIN_FREE ? { state: 'wrong', message, advice: 'free some space' } : { state: 'ok', message };
}

function memory(): Finding {
  const bytes = usableMemory();
  const message = `${Math.round(bytes / MIB)} MiB`;
  return bytes < MIN_MEMORY
    ? { state: 'wrong', message, advice: 'give the process 256 MiB or more' }
    : { state: 'ok', message };
}

async function clock(options: ModelOptions): Promise<Finding> {
  const now = Date.now();
  const files = storeOf(settings(options));
  const newest = (await files.list()).at(-1);
  const card = newest === undefined ? undefined : await files.readFile(newest, 'card.json');
  const made = card
    ? Date.parse((JSON.parse(Buffer.from(card).toString()) as { created_at: string }).created_at)
    : MIN_TIME;
  const message = `it is ${new Date(now).toISOString()}`;
  if (now >= Math.max(made, MIN_TIME)) return { state: 'ok', message };
  const later = made > now ? `version ${newest} was made later, at ${new Date(made).toISOString()}` : 'it is not set';
  return {
    state: 'wrong',
    message,
    advice: `${later}; set the clock: times in logs, keys and certificates depend on it`,
  };
}

import { spawn } from 'node:child_process';
import { chmodSync, closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HARDENED } from '../docker/container.js';
import { docker, missingDaemon } from '../docker/docker.js';
import { installProbe } from './heaps.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../app/main.js', import.meta.url));
const IMAGE = 'reconstruction-regressor:soak';
/** Milliseconds until a model serves. */
const START_TIMEOUT = 60_000;

/** The service that is observed. */
export interface Subject {
  readonly port: number;
  /** Process id, as this machine sees it. */
  readonly pid: number;
  /** Where it runs, for the page. */
  readonly description: string;
  /** Why it has ended or started again; undefined if it has not. */
  ended(): Promise<string | undefined>;
  /** Sends SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Settings, with paths below `directory`. The rows of feedback are few enough to reach their bound within the warm-up. */
function settings(directory: string, port: number): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: String(port),
    MODEL_STORE: join(directory, 'store'),
    MODEL_NAME: 'test',
    TRAIN_DATA: join(directory, 'rows.csv'),
    TRAIN_TARGET: 'y',
    FEEDBACK_ROWS: '5000',
  };
}

/** Starts the service in the image under the memory limit of compose.yaml, or as a process if there is no Docker. */
export async function startSubject(directory: string, port: number): Promise<Subject> {
  const missing = await missingDaemon();
  const subject = missing ? startProcess(directory, port) : await startContainer(directory, port);
  try {
    const deadline = Date.now() + START_TIMEOUT;
    while (!(await isReady(port))) {
      const reason = Date.now() > deadline ? 'no model serves' : await subject.ended();
      if (reason) throw new Error(`the service did not start: ${reason}`);
      await sleep(100);
    }
    return subject;
  } catch (error) {
    await subject.kill();
    throw error;
  }
}

async function startContainer(directory: string, port: number): Promise<Subject> {
  const limit = /mem_limit: (\S+)/.exec(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'))![1]!;
  await docker('build', '--network', 'host', '--tag', IMAGE, ROOT);
  // The service is another user there.
  chmodSync(directory, 0o777);
  const variables = { ...settings('/soak', port), ...installProbe(directory, '/soak') };
  const env = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const rights = [...HARDENED.slice(0, HARDENED.indexOf('--memory')), '--memory', limit];
  const mount = ['--volume', `${directory}:/soak`];
  const id = await docker('run', '--detach', '--network', 'host', ...rights, ...mount, ...env, IMAGE);
  const inspect = (what: string) => docker('inspect', '--format', `{{${what}}}`, id);
  const pid = Number(await inspect('.State.Pid'));
  return {
    port,
    pid,
    description: `the image, with ${limit} of memory and a read-only root`,
    async ended() {
      const [status, killed, now] = (await inspect('.State.Status}} {{.State.OOMKilled}} {{.State.Pid')).split(' ');
      if (status === 'running' && Number(now) === pid) return undefined;
      return `${status}, out of memory: ${killed}: ${(await docker('logs', '--tail', '5', id)).slice(-2000)}`;
    },
    async stop() {
      await docker('stop', '--time', '30', id);
      return Number(await inspect('.State.ExitCode'));
    },
    async kill() {
      await docker('rm', '--force', id);
    },
  };
}

function startProcess(directory: string, port: number): Subject {
  const file = join(directory, 'log');
  const log = openSync(file, 'a');
  const env = { PATH: process.env['PATH'], ...settings(directory, port), ...installProbe(directory, directory) };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', log, log] });
  closeSync(log);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    port,
    pid: child.pid!,
    description: 'a process without a limit, because there is no Docker',
    async ended() {
      if (child.exitCode === null && child.signalCode === null) return undefined;
      return `exit code ${child.exitCode}, signal ${child.signalCode}: ${readFileSync(file, 'utf8').slice(-2000)}`;
    },
    async stop() {
      child.kill('SIGTERM');
      await closed;
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  await response?.arrayBuffer().catch(() => undefined);
  return response?.status === 200;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OWN_TABLE } from '../../src/server/config.js';
import { assertNoCredentials } from './secrets.js';

const MAIN = fileURLToPath(new URL('../../app/main.js', import.meta.url));

/** A line of the server's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** The real server in a process of its own, on a free port. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: readonly LogLine[];
  /** Resolves with the first line, past or to come, that says `message`; rejects if the process ends before, or after two minutes. */
  logged(message: string): Promise<LogLine>;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The process number of the one child of `pid`, on Linux. */
export async function childOf(pid: number): Promise<number> {
  const child = Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  if (!(child > 0)) throw new Error(`process ${pid} has not one child`);
  return child;
}

/**
 * Starts the server with these settings and arguments, and unless they say otherwise with the table of cars to train on, under `command` if one is given, and waits until it listens. With options
 * of Node.js (`nodeArgs`), which may preload a module, it also gets a channel for messages.
 */
export async function startServer(
  t: TestContext,
  env: Readonly<Record<string, string | undefined>>,
  {
    command = [],
    args = [],
    nodeArgs,
  }: { command?: readonly string[]; args?: readonly string[]; nodeArgs?: readonly string[] } = {},
): Promise<ServerProcess> {
  const [program, ...rest] = [...command, process.execPath, ...(nodeArgs ?? []), MAIN, ...args];
  const child = spawn(program!, rest, {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', TRAIN_DATA: OWN_TABLE, ...env },
    stdio: nodeArgs ? ['ignore', 'pipe', 'inherit', 'ipc'] : ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  // Whatever a test does to the service, its log holds no credential.
  t.after(() => assertNoCredentials(lines.map((line) => JSON.stringify(line)).join('\n'), 'the log of the service'));
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const reader = createInterface({ input: child.stdout! });
  reader.on('line', (line) => {
    lines.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;

  const logged = (message: string) =>
    new Promise<LogLine>((resolve, reject) => {
      const fail = (when: string) => reject(new Error(`"${message}" was not logged ${when}: ${JSON.stringify(lines)}`));
      const timer = setTimeout(() => fail('in two minutes'), 120_000);
      const look = () => {
        // Entries of the audit log between the lines have no message.
        const line = lines.find(({ msg = '' }) => msg.startsWith(message));
        if (!line) return;
        waiting.delete(look);
        clearTimeout(timer);
        resolve(line);
      };
      waiting.add(look);
      ended.then(() => {
        clearTimeout(timer);
        fail('before the server ended');
      });
      look();
    });

  const { msg } = await logged('Server listening at');
  return {
    child,
    url: msg.replace('Server listening at ', ''),
    lines,
    logged,
    stop: async (signal) => {
      child.kill(signal);
      const [code, killer] = await ended;
      return { code, signal: killer };
    },
  };
}

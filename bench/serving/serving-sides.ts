// Starts the two servers that bench/serving/serving.ts compares, each in its own process.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { OWN_TABLE } from '../../src/server/config.js';
import type { PredictReply } from '../../src/server/routes/predict-schema.js';

export interface Side {
  readonly process: ChildProcess;
  readonly port: number;
}

/** Returns the reply of the service, for the bare server to send. */
export async function replyOf(service: Side, body: string): Promise<PredictReply> {
  const response = await fetch(`http://127.0.0.1:${service.port}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as PredictReply;
}

/** Modules that are preloaded into a server and controlled by messages. */
export type Observer = 'event-loop-probe' | 'profiler';

const OBSERVERS: Readonly<Record<Observer, URL>> = {
  'event-loop-probe': new URL('./event-loop-probe.js', import.meta.url),
  profiler: new URL('../tools/profiler.js', import.meta.url),
};

/** Starts the real server on a store, of this build unless `main` is another's. With an empty store, it first trains a version. */
export async function startService(
  store: string,
  observer?: Observer,
  settings: NodeJS.ProcessEnv = {},
  main = fileURLToPath(new URL('../../app/main.js', import.meta.url)),
): Promise<Side> {
  const child = spawn(process.execPath, [...preload(observer), main], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      MODEL_STORE: store,
      TRAIN_DATA: OWN_TABLE,
      ...settings,
    },
    stdio: observer ? ['ignore', 'pipe', 'inherit', 'ipc'] : ['ignore', 'pipe', 'inherit'],
  });
  let port = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    const { msg } = JSON.parse(line) as { msg: string };
    if (msg.startsWith('Server listening at ')) port = Number(new URL(msg.replace('Server listening at ', '')).port);
    if (msg === 'model version serves') break;
  }
  child.stdout!.resume();
  return { process: child, port };
}

export async function startBare(reply: PredictReply, observer?: Observer): Promise<Side> {
  const server = new URL('./bare-server.js', import.meta.url);
  const child = fork(server, [JSON.stringify(reply)], { execArgv: preload(observer) });
  const [url] = (await once(child, 'message')) as [string];
  return { process: child, port: Number(new URL(url).port) };
}

/** Starts Node's HTTP server alone, with this reply. */
export async function startBareHttp(reply: PredictReply): Promise<Side> {
  const child = fork(new URL('./bare-http.js', import.meta.url), [JSON.stringify(reply)]);
  const [port] = (await once(child, 'message')) as [number];
  return { process: child, port };
}

function preload(observer?: Observer): string[] {
  return observer ? ['--import', OBSERVERS[observer].href] : [];
}

/** Returns the CPU time of a process so far: fields 14 and 15 of Linux' stat, in hundredths of a second. */
export function cpuSeconds({ process: { pid } }: Side): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return Number.NaN;
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

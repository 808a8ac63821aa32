import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { OWN_TABLE } from '../../../src/server/config.js';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/until.js';
import { docker } from './docker.js';

/** The state of a container from `docker inspect`. */
export interface ContainerState {
  readonly Status: string;
  readonly OOMKilled: boolean;
  readonly ExitCode: number;
  readonly Health: { readonly Status: string };
}

export interface Predictions {
  readonly predictions: number[][];
  readonly reconstruction_error: number[];
  readonly model_version: string;
}

const COMPOSE = new URL('../../../../compose.yaml', import.meta.url);

/** Memory that compose.yaml grants the service, in MiB. */
export const GRANTED = Number(/mem_limit: (\d+)m/.exec(readFileSync(COMPOSE, 'utf8'))![1]);

/** An image with a shell: the one from which the service's is built. */
export const TOOLS = 'node:22-bookworm-slim';

/** The root directory of a container, for a process beside it. */
const ROOT = '/proc/1/root';
/** Processes and threads that compose.yaml grants the service. */
const MAX_THREADS = Number(/pids_limit: (\d+)/.exec(readFileSync(COMPOSE, 'utf8'))![1]);

/** Options that restrict a container as far as possible: read-only root, no privileges, limited memory. */
export const HARDENED = withMemory(GRANTED);

/** The same with this many MiB of memory. */
export function withMemory(mebibytes: number): string[] {
  return [
    ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--pids-limit', String(MAX_THREADS)],
    ...['--memory', `${mebibytes}m`, '--memory-swap', `${mebibytes}m`],
  ];
}

/** Creates an empty volume. It is removed after the test, together with the containers that use it. */
export async function createVolume(t: TestContext): Promise<string> {
  const volume = await docker('volume', 'create');
  t.after(async () => {
    const users = await docker('ps', '--all', '--quiet', '--filter', `volume=${volume}`);
    if (users) await docker('rm', '--force', ...users.split('\n'));
    await docker('volume', 'rm', volume);
  });
  return volume;
}

/** Runs the service in a container, by default with minimal rights, on a free port of the host network. */
export class Container {
  readonly id: string;
  readonly url: string;

  private constructor(id: string, port: number) {
    this.id = id;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async run(
    image: string,
    volume: string,
    {
      rights = HARDENED,
      args = [],
      auth = 'off',
    }: { rights?: readonly string[]; args?: readonly string[]; auth?: 'off' | 'keys' } = {},
  ): Promise<Container> {
    const port = await freePort();
    const healthPort = await freePort();
    const id = await docker(
      ...['run', '--detach', '--network', 'host', ...rights],
      // The default interval of the image is ten times as long.
      ...['--health-interval', '1s', '--volume', `${volume}:/app/models`],
      ...[
        '--env',
        `PORT=${port}`,
        '--env',
        `HEALTH_PORT=${healthPort}`,
        '--env',
        `AUTH=${auth}`,
        '--env',
        `TRAIN_DATA=${OWN_TABLE}`,
        image,
        ...args,
      ],
    );
    return new Container(id, port);
  }

  async state(): Promise<ContainerState> {
    return JSON.parse(await docker('inspect', '--format', '{{json .State}}', this.id)) as ContainerState;
  }

  /** Runs JavaScript inside, with `fs`, as the user of the service and under its limits. Returns what it prints. */
  run(script: string): Promise<string> {
    return docker('exec', this.id, 'node', '-e', `const fs = require('node:fs'); ${script}`);
  }

  /** Runs a shell command beside the container, outside of its limits: the image has no shell. `ROOT` is its root. */
  shell(command: string): Promise<string> {
    const rights = [
      '--pid',
      `container:${this.id}`,
      '--cap-add',
      'SYS_PTRACE',
      '--security-opt',
      'apparmor=unconfined',
    ];
    return docker('run', '--rm', '--network', 'none', ...rights, '--entrypoint', 'sh', TOOLS, '-c', command);
  }

  /** Waits until a model serves. On a timeout, throws an error with the log of the service. */
  async ready(): Promise<void> {
    try {
      await until('a model serves', 60, async () => (await fetch(`${this.url}/readyz`)).ok);
    } catch (cause) {
      throw new Error(`no model serves:\n${await docker('logs', this.id)}`, { cause });
    }
  }

  async predict(instances: readonly (readonly number[])[]): Promise<Predictions> {
    const response = await fetch(`${this.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Predictions;
  }

  /** Sends the true targets of rows. */
  async feedback(
    instances: readonly (readonly number[])[],
    targets: readonly number[],
  ): Promise<{ kept_rows: number }> {
    const response = await fetch(`${this.url}/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances, targets }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as { kept_rows: number };
  }

  /** Trains on a CSV with the target `mpg`. */
  async train(csv: string, query: string): Promise<Response> {
    const body = await readFile(csv);
    return fetch(`${this.url}/train?target=mpg&${query}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
    });
  }

  /** Returns the progress of a training, given the reply that accepted it. */
  async job(accepted: Response): Promise<{ state: string; epoch: number }> {
    assert.equal(accepted.status, 202);
    const response = await fetch(new URL(accepted.headers.get('location') ?? '', this.url));
    return (await response.json()) as { state: string; epoch: number };
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  /** Returns how many processes of the container the kernel has killed for want of memory. */
  async outOfMemoryKills(): Promise<number> {
    const events = await this.controlGroup('memory.events', 'memory/memory.oom_control');
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1]);
  }

  /** Returns the memory in MiB that the processes of the container hold together, without file caches. */
  async residentMemory(): Promise<number> {
    const statistics = await this.controlGroup('memory.stat', 'memory/memory.stat');
    return Number(/^(?:anon|rss) (\d+)$/m.exec(statistics)?.[1]) / 2 ** 20;
  }

  /** Returns the peak memory of the container in MiB, including file caches. */
  async peakMemory(): Promise<number> {
    return Number(await this.controlGroup('memory.peak', 'memory/memory.max_usage_in_bytes')) / 2 ** 20;
  }

  /** Reads a file of the container's control group, of version 2 or 1. */
  private controlGroup(file: string, former: string): Promise<string> {
    const read = (name: string) => `cat ${ROOT}/sys/fs/cgroup/${name}`;
    return this.shell(`${read(file)} 2>/dev/null || ${read(former)}`);
  }
}

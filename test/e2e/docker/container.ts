import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/until.js';
import { docker } from './docker.js';

/** What a `docker inspect` of a container tells. */
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

/** Everything that can be taken from a container: a writable root, privileges, memory. */
export const HARDENED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '256m'];

/** An empty volume. It goes with the test, and so do the containers that use it. */
export async function createVolume(t: TestContext): Promise<string> {
  const volume = await docker('volume', 'create');
  t.after(async () => {
    const users = await docker('ps', '--all', '--quiet', '--filter', `volume=${volume}`);
    if (users) await docker('rm', '--force', ...users.split('\n'));
    await docker('volume', 'rm', volume);
  });
  return volume;
}

/** The service in a container with as few rights as it can have, on a free port of the host's network. */
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
    { rights = HARDENED, args = [] }: { rights?: readonly string[]; args?: readonly string[] } = {},
  ): Promise<Container> {
    const port = await freePort();
    const id = await docker(
      ...['run', '--detach', '--network', 'host', ...rights],
      // The image's own interval is ten times as long.
      ...['--health-interval', '1s', '--volume', `${volume}:/app/models`, '--env', `PORT=${port}`, image, ...args],
    );
    return new Container(id, port);
  }

  async state(): Promise<ContainerState> {
    return JSON.parse(await docker('inspect', '--format', '{{json .State}}', this.id)) as ContainerState;
  }

  /** What a program prints that runs inside, as the service's user and under its limits. */
  exec(...command: string[]): Promise<string> {
    return docker('exec', this.id, ...command);
  }

  /** Waits until a model serves. Throws with the service's log if none comes. */
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

  /** Tells the true targets of rows. */
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

  /** How far a training is, by the answer that accepted it. */
  async job(accepted: Response): Promise<{ state: string; epoch: number }> {
    assert.equal(accepted.status, 202);
    const response = await fetch(new URL(accepted.headers.get('location') ?? '', this.url));
    return (await response.json()) as { state: string; epoch: number };
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  /** Most memory the container ever had, in MiB, caches of files included: of control groups version 2, or 1. */
  async peakMemory(): Promise<number> {
    const root = '/sys/fs/cgroup';
    const bytes = await this.exec(
      ...['sh', '-c', `cat ${root}/memory.peak 2>/dev/null || cat ${root}/memory/memory.max_usage_in_bytes`],
    );
    return Number(bytes) / 2 ** 20;
  }
}

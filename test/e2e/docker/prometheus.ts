import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../../support/free-port.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';

/** The target in the configuration of the project, which only resolves in a network of Compose. */
const COMPOSE_TARGET = 'service:8080';

/** Runs a real Prometheus with a copy of the configuration of the project. */
export class Prometheus {
  private readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Starts it with the files of the directory `configuration`. It scrapes `target`, host and port. */
  static async start(t: TestContext, configuration: string, target: string): Promise<Prometheus> {
    const directory = temporaryDirectory(t);
    await cp(configuration, directory, { recursive: true });
    const file = join(directory, 'prometheus.yml');
    const text = await readFile(file, 'utf8');
    assert.ok(text.includes(COMPOSE_TARGET), `the configuration scrapes ${COMPOSE_TARGET}`);
    await writeFile(file, text.replace(COMPOSE_TARGET, target));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const ended = once(child, 'close');
    t.after(async () => {
      child.kill();
      await ended;
    });
    return new Prometheus(`http://${address}`);
  }

  /** Waits until `expression` selects one series with this value. */
  async sees(expression: string, value: number): Promise<void> {
    await until(`${expression} is ${value} in Prometheus`, 30, async () => {
      const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return data.result.length === 1 && Number(data.result[0]!.value[1]) === value;
    });
  }
}

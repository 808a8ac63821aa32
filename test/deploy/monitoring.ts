import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../docker/free-port.js';

/** The project's own configuration. */
export const DEPLOYED = fileURLToPath(new URL('../../../deploy/prometheus', import.meta.url));

/** A sample of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/**
 * A real Prometheus and a real Alertmanager with the project's configuration, rules and alerts, in which only times and
 * addresses are others: a quarter of an hour is 15 seconds, and what must last does so for 3.
 */
export class Monitoring {
  private readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Scrapes `targets` (host and port) every second, and tells the receivers' alerts to `webhook`. */
  static async start(t: TestContext, targets: readonly string[], webhook: string): Promise<Monitoring> {
    const directory = await mkdtemp(join(tmpdir(), 'rr-monitoring-'));
    const [prometheus, alertmanager] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const copy = async (file: string, changes: readonly (readonly [RegExp, string])[]) => {
      let text = await readFile(join(DEPLOYED, file), 'utf8');
      for (const [pattern, replacement] of changes) {
        assert.match(text, pattern, `${file} has something to replace`);
        text = text.replace(pattern, replacement);
      }
      await writeFile(join(directory, file), text);
    };
    await copy('prometheus.yml', [
      [/(scrape|evaluation)_interval: \d+s/g, '$1_interval: 1s'],
      [/"service:8080"/, targets.map((target) => `"${target}"`).join(', ')],
      [/"alertmanager:9093"/, `"${alertmanager}"`],
    ]);
    await copy('rules.yml', [[/\[15m\]/g, '[15s]']]);
    await copy('alerts.yml', [
      [/\[15m\]/g, '[15s]'],
      [/for: \d+m$/gm, 'for: 3s'],
    ]);
    await copy('alertmanager.yml', [
      [/group_wait: \w+/g, 'group_wait: 0s'],
      [/group_interval: \w+/g, 'group_interval: 1s'],
      [/^( {2}- name: \w+)$/gm, `$1\n    webhook_configs: [{ url: '${webhook}' }]`],
    ]);
    run(t, 'prometheus-alertmanager', [
      `--config.file=${directory}/alertmanager.yml`,
      `--storage.path=${directory}/alertmanager`,
      `--web.listen-address=${alertmanager}`,
      // On its own.
      '--cluster.listen-address=',
      '--log.level=error',
    ]);
    run(t, 'prometheus', [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/prometheus`,
      `--web.listen-address=${prometheus}`,
      '--log.level=error',
    ]);
    // After the two have ended: what is registered first is done first.
    t.after(() => rm(directory, { recursive: true }));
    return new Monitoring(`http://${prometheus}`);
  }

  /** What an expression selects now. */
  async query(expression: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await response.json()) as { data: { result: Sample[] } };
    return data.result;
  }
}

/** Runs a program until the test ends, and waits for its end. */
function run(t: TestContext, command: string, args: readonly string[]): void {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
}

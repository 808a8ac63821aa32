import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** The configuration of the project. */
export const DEPLOYED = fileURLToPath(new URL('../../../../deploy/prometheus', import.meta.url));

/** A sample of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The samples of a range query. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

export interface LoadedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/**
 * Runs a real Prometheus and Alertmanager with the configuration, rules and alerts of the project. Only times and addresses
 * differ: 15 minutes become 15 seconds, and `for` periods 3 seconds.
 */
export class Monitoring {
  private readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Scrapes `targets` (host and port) every second, and sends all alerts to `webhook`. */
  static async start(t: TestContext, targets: readonly string[], webhook: string): Promise<Monitoring> {
    const directory = temporaryDirectory(t);
    const [prometheus, alertmanager] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const copy = async (file: string, changes: readonly (readonly [RegExp, string])[]) => {
      let text = await readFile(join(DEPLOYED, file), 'utf8');
      for (const [pattern, replacement] of changes) {
        assert.match(text, pattern, `${file} contains the text to replace`);
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
      // Without a cluster.
      '--cluster.listen-address=',
      '--log.level=error',
    ]);
    run(t, 'prometheus', [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/prometheus`,
      `--web.listen-address=${prometheus}`,
      '--log.level=error',
    ]);
    return new Monitoring(`http://${prometheus}`);
  }

  /** Evaluates an expression now. Throws if that fails. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = await this.get<{ result: Sample[] }>('query', { query: expression });
    return result;
  }

  /** Evaluates an expression at each of the last seconds. */
  async range(expression: string, seconds: number): Promise<readonly Series[]> {
    const end = Date.now() / 1000;
    const range = { start: String(end - seconds), end: String(end), step: '1' };
    const { result } = await this.get<{ result: Series[] }>('query_range', { query: expression, ...range });
    return result;
  }

  /** Returns the values of a label in the selected series. */
  async labelValues(label: string, selector: string): Promise<readonly string[]> {
    return this.get(`label/${label}/values`, { 'match[]': selector });
  }

  /** Returns all loaded rules with their health. */
  async rules(): Promise<readonly LoadedRule[]> {
    const { groups } = await this.get<{ groups: { rules: LoadedRule[] }[] }>('rules', {});
    return groups.flatMap(({ rules }) => rules);
  }

  private async get<Data>(path: string, parameters: Record<string, string>): Promise<Data> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { data, error } = (await response.json()) as { data: Data; error?: string };
    assert.equal(response.status, 200, `${parameters['query'] ?? path}: ${error}`);
    return data;
  }
}

/** Runs a program until the test ends, then waits for it to exit. */
function run(t: TestContext, command: string, args: readonly string[]): void {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
}

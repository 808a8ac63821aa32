import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from '../docker/until.js';
import { startServer, temporaryDirectory } from '../server/server-process.js';
import { Monitoring } from './monitoring.js';
import { Plant, TARGET } from './plant.js';
import { Traffic } from './traffic.js';
import { Webhook } from './webhook.js';

const TRAINING_ROWS = 6000;

const missing = ['prometheus', 'prometheus-alertmanager'].filter(
  (command) => spawnSync(command, ['--version']).status !== 0,
);
/** Why there can be no monitoring here, if so. */
export const skip =
  missing.length > 0 && `SKIPPED: not installed (Debian packages of the same names): ${missing.join(', ')}`;

/** Two replicas on one store, each with its own traffic. */
export interface Replicas {
  readonly urls: readonly string[];
  readonly traffic: readonly Traffic[];
  readonly monitoring: Monitoring;
  readonly webhook: Webhook;
}

/** Trains a model of the plant, and serves and monitors it; returns when both replicas are scraped. */
export async function monitoredReplicas(t: TestContext): Promise<Replicas> {
  const directory = await temporaryDirectory(t);
  const table = join(directory, 'plant.csv');
  await writeFile(table, new Plant(1).csv(TRAINING_ROWS));
  const urls: string[] = [];
  for (const feedback of ['feedback-1', 'feedback-2']) {
    const server = await startServer(t, {
      MODEL_STORE: join(directory, 'models'),
      FEEDBACK_STORE: join(directory, feedback),
      TRAIN_DATA: table,
      TRAIN_TARGET: TARGET,
      // The replicas' own alarms: a false one in a thousand runs of a test.
      DRIFT_ROWS_BETWEEN_FALSE_ALARMS: '100000000',
    });
    await server.logged('model version serves');
    urls.push(server.url);
  }
  const webhook = await Webhook.start(t);
  const hosts = urls.map((url) => new URL(url).host);
  const monitoring = await Monitoring.start(t, hosts, webhook.url);
  const traffic = urls.map((url, i) => new Traffic(t, url, new Plant(100 + i)));
  await until('both replicas are scraped', 30, async () => (await monitoring.query('up == 1')).length === 2);
  return { urls, traffic, monitoring, webhook };
}

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';
import { Monitoring } from './monitoring.js';
import { type ReplayedTable, replayedTable } from './replayed-rows.js';
import { Traffic } from './traffic.js';
import { Webhook } from './webhook.js';

const missing = ['prometheus', 'prometheus-alertmanager'].filter(
  (command) => spawnSync(command, ['--version']).status !== 0,
);
/** The reason to skip tests if the programs are missing. */
export const skip =
  missing.length > 0 && `SKIPPED: not installed (Debian packages of the same names): ${missing.join(', ')}`;

/** Two replicas with a common store, each with its own traffic. */
export interface Replicas {
  readonly urls: readonly string[];
  readonly traffic: readonly Traffic[];
  readonly monitoring: Monitoring;
  readonly webhook: Webhook;
  readonly table: ReplayedTable;
  /** Changes the unit of one column in all further traffic. */
  readonly breakUnit: () => void;
}

/**
 * Trains a model on half of a table, then serves and monitors it with default settings. Each replica gets a quarter of the
 * table as traffic. Resolves when Prometheus has scraped both replicas.
 *
 * Half a minute without drift is 600 rows for each of two monitors: at one false alarm in 100,000 rows, 1.2 % of random
 * orders have one. The order is fixed, so the test is deterministic.
 */
export async function monitoredReplicas(t: TestContext): Promise<Replicas> {
  const directory = temporaryDirectory(t);
  const table = replayedTable();
  t.diagnostic(`rows of ${table.name}`);
  const file = join(directory, 'table.csv');
  await writeFile(file, table.csv);
  const urls: string[] = [];
  for (const feedback of ['feedback-1', 'feedback-2']) {
    const server = await startServer(t, {
      MODEL_STORE: join(directory, 'models'),
      FEEDBACK_STORE: join(directory, feedback),
      TRAIN_DATA: file,
      TRAIN_TARGET: table.target,
    });
    await server.logged('model version serves');
    urls.push(server.url);
  }
  const webhook = await Webhook.start(t);
  const hosts = urls.map((url) => new URL(url).host);
  const monitoring = await Monitoring.start(t, hosts, webhook.url);
  const share = Math.floor(table.traffic.length / urls.length);
  const traffic = urls.map((url, i) => new Traffic(t, url, table.traffic.slice(i * share, (i + 1) * share)));
  const column = table.features.indexOf(table.broken);
  const breakUnit = () => {
    for (const replica of traffic) {
      replica.fault = (row) => row.map((value, j) => (j === column ? value * table.factor : value));
    }
  };
  await until('both replicas are scraped', 30, async () => (await monitoring.query('up == 1')).length === 2);
  return { urls, traffic, monitoring, webhook, table, breakUnit };
}

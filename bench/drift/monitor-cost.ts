import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { FileStore } from '../../src/model/store/file-store.js';
import type { Card } from '../../src/model/versions/card.js';
import { DriftService } from '../../src/server/service/drift/drift-service.js';
import type { Observation, Serving } from '../../src/server/service/prediction/prediction-service.js';
import { baselineOf, NARROW, normalRows, ROWS, requestsOf, type Timing, TURNS, timing } from './cost.js';

/** Measures drift monitoring of a request of one row with 8 features, including history and sample, in µs of CPU time. */
export async function measureMonitoring(): Promise<Timing> {
  const directory = mkdtempSync(join(tmpdir(), 'rr-monitoring-'));
  const log = pino({ level: 'silent' });
  const rows = normalRows(NARROW);
  const baseline = baselineOf(rows);
  const names = baseline.features.map(({ name }) => name);
  const card = { features: names, targets: ['target'], checksum: '', created_at: '' } as unknown as Card;
  const store = new FileStore(directory);
  const drift = new DriftService({ store, log, rowsBetweenFalseAlarms: 100_000, windowRows: 500 });
  drift.activate(await drift.prepare(1, card, JSON.stringify(baseline)));
  drift.require();
  const serving = { version: 1 } as Serving;
  const observations = requestsOf(rows, 1).map(
    ({ count, rows, outputs, errors }) =>
      ({ count, rows, prediction: { outputs, errors }, serving }) as unknown as Observation,
  );
  const cost = timing(TURNS, () => {
    const before = process.cpuUsage();
    for (const observation of observations) drift.observe(observation);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / ROWS;
  });
  await drift.close();
  rmSync(directory, { recursive: true, force: true });
  return cost;
}

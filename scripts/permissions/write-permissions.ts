import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { buildApp } from '../../src/server/app.js';
import { readConfig } from '../../src/server/config.js';
import { buildParts } from '../../src/server/parts.js';
import { matrix, rowsOf, withMatrix } from './permissions.js';

// Writes the permission matrix into docs/security.md: `npm run permissions`. A test compares it with what the service does.

const PAGE = join(import.meta.dirname, '../../../docs/security.md');

const store = mkdtempSync(join(tmpdir(), 'permissions-'));
try {
  const config = readConfig({ MODEL_STORE: store });
  const parts = buildParts(config, await loadEngine('kernel'), pino({ level: 'silent' }));
  // The paths that Vertex AI chooses, by the names of its variables.
  const vertex = { predict: '/AIP_PREDICT_ROUTE', health: '/AIP_HEALTH_ROUTE' };
  const app = await buildApp(parts, config, { vertex, readOnly: false });
  const table = matrix(rowsOf(app.permissions));
  await app.close();
  await parts.drift.close();
  await parts.jobs.close();
  writeFileSync(PAGE, withMatrix(readFileSync(PAGE, 'utf8'), table));
  process.stdout.write(table);
} finally {
  rmSync(store, { recursive: true, force: true });
}

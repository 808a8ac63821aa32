import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { buildApp } from '../../src/server/app.js';
import { readConfig } from '../../src/server/config.js';
import { buildParts } from '../../src/server/parts.js';
import type { Platform } from '../../src/server/platform.js';

interface TemporaryAppOptions {
  readonly settings?: NodeJS.ProcessEnv;
  readonly vertex?: Platform['vertex'];
}

/** Builds the real application on an empty store of its own, passes it to `use`, and closes it. Returns what `use` does. */
export async function withTemporaryApp<Result>(
  use: (app: FastifyInstance) => Promise<Result>,
  { settings, vertex }: TemporaryAppOptions = {},
): Promise<Result> {
  const store = mkdtempSync(join(tmpdir(), 'reference-'));
  try {
    const config = readConfig({ ...settings, MODEL_STORE: store });
    const parts = buildParts(config, await loadEngine('kernel'), pino({ level: 'silent' }));
    const app = await buildApp(parts, config, { vertex, readOnly: false });
    const result = await use(app);
    await app.close();
    await parts.drift.close();
    await parts.jobs.close();
    return result;
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ServerProcess, startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** Starts the service without a model. */
export async function serveNothing(t: TestContext): Promise<ServerProcess> {
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: '/nowhere.csv',
    DRIFT_WINDOW_ROWS: '100',
  });
  await server.logged('there is no model to serve');
  return server;
}

/** Trains a version on a CSV and activates it in any case. */
export async function trainOn(url: string, csv: string, query: Readonly<Record<string, string>> = {}): Promise<void> {
  const response = await fetch(
    `${url}/train?${new URLSearchParams({ target: 'y', epochs: '2', wait: 'true', promote: 'always', ...query })}`,
    { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv },
  );
  assert.equal(response.status, 200, await response.text());
}

/** Console errors of a page whose service has no model: requests for readiness and drift fail. */
export const NO_MODEL = /status of 503 .*\/readyz$|status of 409 .*\/drift$/;

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../../src/base/statistics/random.js';
import { type ServerProcess, startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
export const CARS = join(ROOT, 'data/auto-mpg.csv');
export const FEATURES = ['cylinders', 'displacement', 'horsepower', 'weight', 'acceleration', 'model_year', 'origin'];
const WEIGHT = FEATURES.indexOf('weight');

/** Starts the service, trained on the bundled car data, with windows of 100 rows. */
export async function serveCars(t: TestContext, env: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: CARS,
    DRIFT_WINDOW_ROWS: '100',
    ...env,
  });
  await server.logged('model version serves');
  return server;
}

/** Sends random rows of the bundled car data, on request with weights 2.2 times as large, as if in another unit. */
export class Traffic {
  private readonly url: string;
  private readonly path: string;
  private readonly random = createRandom(1);
  private readonly rows: readonly (readonly number[])[];

  constructor(url: string, path = '/predict') {
    this.url = url;
    this.path = path;
    const [header, ...lines] = readFileSync(CARS, 'utf8').trim().split('\n');
    const names = header!.split(',');
    this.rows = lines
      .map((line) => line.split(','))
      .filter((cells) => cells.every((cell) => cell !== ''))
      .map((cells) => FEATURES.map((name) => Number(cells[names.indexOf(name)])));
  }

  async send(count: number, wrongUnit = false): Promise<void> {
    const instances = Array.from({ length: count }, () => {
      const row = this.rows[this.random.below(this.rows.length)]!;
      return wrongUnit ? row.with(WEIGHT, 2.2 * row[WEIGHT]!) : row;
    });
    const response = await fetch(this.url + this.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances }),
    });
    if (!response.ok) throw new Error(await response.text());
  }
}

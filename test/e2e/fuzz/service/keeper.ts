import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { OpenApi } from '../contract.js';

const ROWS = 400;
/** Rows of a body that trains. */
const TRAINING_ROWS = 60;
const REQUEST_TIMEOUT = 30_000;
/** Milliseconds from one look at the service to the next, for which a training may run. */
const INTERVAL = 1000;
const CSV_TYPE = 'text/csv';
const JSON_TYPE = 'application/json';

/** What valid requests are made of. */
export interface Fixtures {
  readonly rows: readonly (readonly number[])[];
  readonly archive: Buffer<ArrayBuffer>;
  readonly jobId: string;
  readonly predictionIds: readonly string[];
  readonly openapi: OpenApi;
}

/** Keeps the service in the state that valid requests expect: a model of the features a, b and c and the target y. */
export class Keeper {
  private readonly url: string;
  private readonly csv = ['a,b,c,y', ...sampleRows().map((row) => row.join(','))].join('\n');
  private base: { version: string; archive: Buffer<ArrayBuffer>; predicted: string } | undefined;
  private trainings: string[] = [];

  /** Writes the first training's table into the service's directory, before the service starts. */
  constructor(port: number, directory: string) {
    this.url = `http://127.0.0.1:${port}`;
    writeFileSync(join(directory, 'rows.csv'), this.csv);
  }

  /** Trains a second version and reads what valid requests are made of. */
  async prepare(): Promise<Fixtures> {
    const job = await this.json('POST', '/train?target=y&epochs=3&wait=true&promote=always', this.csv, CSV_TYPE);
    const body = JSON.stringify({ instances: [[1, 2, 3]] });
    const predicted = await Promise.all([1, 2].map(() => this.json('POST', '/predict?ids=true', body, JSON_TYPE)));
    const version = String((await this.json('GET', '/model'))['model_version']);
    const archive = Buffer.from(await (await this.fetch('GET', `/models/${version}/archive`)).arrayBuffer());
    this.base = { version, archive, predicted: await this.predict() };
    return {
      rows: sampleRows().slice(0, TRAINING_ROWS),
      archive,
      jobId: String(job['id']),
      predictionIds: predicted.map((reply) => String(reply['prediction_id'])),
      openapi: (await this.json('GET', '/openapi.json')) as unknown as OpenApi,
    };
  }

  /** Takes note of a training, which is cancelled at the next look if it still runs. */
  noteTraining(location: string): void {
    this.trainings.push(location);
  }

  /** Cancels trainings, and serves the first model again whenever another one does, until `signal` says so. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(INTERVAL, undefined, { signal }).catch(() => undefined);
      const trainings = this.trainings.splice(0);
      await Promise.all(trainings.map((location) => this.fetch('DELETE', location).catch(() => undefined)));
      await this.restore().catch(() => undefined);
    }
  }

  /** Returns what is wrong if the service does not predict, train and take feedback as before. */
  async defect(): Promise<string | undefined> {
    try {
      await this.restore();
      const predicted = await this.predict();
      if (predicted !== this.base?.predicted) return `predicts ${predicted}, at first ${this.base?.predicted}`;
      await this.json('POST', '/train?target=y&epochs=1&wait=true&promote=never', this.csv, CSV_TYPE);
      await this.json('POST', '/feedback', JSON.stringify({ instances: [[1, 2, 3]], targets: [4] }), JSON_TYPE);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }

  private async restore(): Promise<void> {
    const { base } = this;
    if (!base) return;
    const { model_version: serving } = await this.json('GET', '/model');
    if (serving === base.version) return;
    const activated = await this.fetch('POST', `/models/${base.version}/activate`);
    if (activated.status !== 404) return;
    const { model_version: version } = await this.json('POST', '/models', base.archive, 'application/gzip');
    this.base = { ...base, version: String(version) };
    await this.fetch('POST', `/models/${version}/activate`);
  }

  private async predict(): Promise<string> {
    const body = JSON.stringify({ instances: [[1, 2, 3]] });
    return JSON.stringify((await this.json('POST', '/predict', body, JSON_TYPE))['predictions']);
  }

  private async json(method: string, path: string, ...body: Body): Promise<Record<string, unknown>> {
    const response = await this.fetch(method, path, ...body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  private fetch(method: string, path: string, ...[body, type]: Body): Promise<Response> {
    const headers = { connection: 'close', ...(type === undefined ? {} : { 'content-type': type }) };
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT);
    return fetch(`${this.url}${path}`, { method, headers, signal, ...(body === undefined ? {} : { body }) });
  }
}

type Body = [] | [body: string | Buffer<ArrayBuffer>, type: string];

/** Rows `[a, b, c, y]` of a nearly linear target. */
function sampleRows(): number[][] {
  const random = createRandom(1);
  return Array.from({ length: ROWS }, () => {
    const [a, b, c] = [random.normal(), 3 + random.normal(), 5 + 2 * random.normal()];
    return [a, b, c, 2 * a + b - c + 0.1 * random.normal()];
  });
}

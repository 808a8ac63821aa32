import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { MIXED_FEATURES } from '../../../support/mixed-app.js';
import type { OpenApi } from '../contract.js';

const ROWS = 400;
/** Rows of a body that trains. */
const TRAINING_ROWS = 60;
const REQUEST_TIMEOUT = 30_000;
/** Milliseconds from one look at the service to the next, for which a training may run. */
const INTERVAL = 1000;
const COLORS = ['red', 'green', 'blue', 'violet'];
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

/** Requests with neighbouring indexes that meet the same model. */
const BLOCK = 5000;

/** A model that serves from time to time. */
interface Base {
  readonly version: string;
  readonly archive: Buffer<ArrayBuffer>;
  /** A body that it predicts, and its predictions. */
  readonly body: string;
  readonly predicted: string;
}

/**
 * Keeps the service in the state that valid requests expect: a model of the features a, b and c and the target y, or in turns with
 * it one of `mixedTable`.
 */
export class Keeper {
  private readonly url: string;
  private readonly csv = ['a,b,c,y', ...sampleRows().map((row) => row.join(','))].join('\n');
  private bases: Base[] = [];
  private current = 0;
  private block = 0;
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
    this.bases = [await this.serving(body)];
    return {
      rows: sampleRows().slice(0, TRAINING_ROWS),
      archive: this.bases[0]!.archive,
      jobId: String(job['id']),
      predictionIds: predicted.map((reply) => String(reply['prediction_id'])),
      openapi: (await this.json('GET', '/openapi.json')) as unknown as OpenApi,
    };
  }

  /** Trains a model of mixed columns, which serves in turns with the first one. */
  async addMixed(): Promise<void> {
    const query = 'target=y&epochs=3&wait=true&promote=always&replace=true';
    await this.json('POST', `/train?${query}`, mixedTable(ROWS), CSV_TYPE);
    this.bases.push(await this.serving(JSON.stringify({ instances: [[1, 'red', true, '2024-02-29', null]] })));
    await this.serve(0);
  }

  /** Serves the model that the request with this index is to meet. Those with earlier indexes do not change it again. */
  async serveFor(index: number): Promise<void> {
    const block = Math.floor(index / BLOCK);
    if (block <= this.block) return;
    this.block = block;
    await this.serve(block % this.bases.length).catch(() => undefined);
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
      for (const which of this.bases.keys()) {
        const { body, predicted } = await this.serve(this.bases.length - 1 - which);
        const now = await this.predict(body);
        if (now !== predicted) return `predicts ${now}, at first ${predicted}`;
      }
      await this.json('POST', '/train?target=y&epochs=1&wait=true&promote=never', this.csv, CSV_TYPE);
      await this.json('POST', '/feedback', JSON.stringify({ instances: [[1, 2, 3]], targets: [4] }), JSON_TYPE);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }

  private async serve(which: number): Promise<Base> {
    this.current = which;
    await this.restore();
    return this.bases[which]!;
  }

  private async serving(body: string): Promise<Base> {
    const version = String((await this.json('GET', '/model'))['model_version']);
    const archive = Buffer.from(await (await this.fetch('GET', `/models/${version}/archive`)).arrayBuffer());
    return { version, archive, body, predicted: await this.predict(body) };
  }

  private async restore(): Promise<void> {
    const which = this.current;
    const base = this.bases[which]!;
    const { model_version: serving } = await this.json('GET', '/model');
    if (serving === base.version) return;
    const activated = await this.fetch('POST', `/models/${base.version}/activate`);
    if (activated.status !== 404) return;
    const { model_version: version } = await this.json('POST', '/models', base.archive, 'application/gzip');
    this.bases[which] = { ...base, version: String(version) };
    await this.fetch('POST', `/models/${version}/activate`);
  }

  private async predict(body: string): Promise<string> {
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

/** A CSV of `mixedRows`, with their header. */
export function mixedTable(count: number): string {
  return [[...MIXED_FEATURES, 'y'], ...mixedRows(count)].map((row) => row.join(',')).join('\n');
}

/** Rows of `MIXED_FEATURES` and the target, as a CSV and a JSON body write them. A null is a gap. */
export function mixedRows(count: number): (string | number | null)[][] {
  const random = createRandom(2);
  return Array.from({ length: count }, (_, i) => {
    const size = random.normal();
    const color = random.below(COLORS.length);
    const sold = new Date(Date.UTC(2024, 0, 1 + random.below(365))).toISOString().slice(0, 10);
    const width = i % 5 === 0 ? null : random.normal();
    return [size, COLORS[color]!, i % 2 === 0 ? 'no' : 'yes', sold, width, size + color + (width ?? 0)];
  });
}

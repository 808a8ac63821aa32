import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createRandom } from '../../../src/base/statistics/random.js';
import { exchange } from '../fuzz/exchange.js';
import { DELIVERIES } from '../fuzz/fuzz-case.js';
import { pick } from '../fuzz/mutators/pick.js';
import { type FuzzRequest, toBytes } from '../fuzz/requests/fuzz-request.js';
import { goldenRequests } from '../fuzz/requests/golden-requests.js';
import { nativeRequests } from '../fuzz/requests/native-requests.js';
import { type Fixtures, mixedRows, mixedTable } from '../fuzz/service/keeper.js';

const JSON_TYPE = 'application/json';
/** Rows of a table of mixed columns. */
const ROWS = 400;
/** Rows of a body that is read in a thread. */
const LARGE_ROWS = 20_000;
const TIMEOUT = 60_000;

/** Sends traffic of all kinds at a moderate rate, and counts the replies. */
export class SoakTraffic {
  /** Replies by kind of traffic and status. */
  readonly statuses = new Map<string, number>();
  /** The first replies with a 5xx that is not a 503, and requests without a reply. */
  readonly failures: string[] = [];
  private readonly url: string;
  private readonly port: number;
  private readonly fixtures: Fixtures;
  private readonly csv: string;
  private readonly random = createRandom(1);
  private readonly mixed = mixedRows(ROWS).map((row) => row.slice(0, -1));
  /** Whether the model that serves has the columns of `mixedRows`. */
  private isMixed = false;

  /** `csv` is a table to train on. */
  constructor(port: number, fixtures: Fixtures, csv: string) {
    this.csv = csv;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.fixtures = fixtures;
  }

  /** Sends until `signal` aborts, and for what has been begun by then. */
  async run(signal: AbortSignal): Promise<void> {
    // Every lane waits for it.
    setMaxListeners(0, signal);
    const { archive } = this.fixtures;
    const requests = [...goldenRequests(), ...nativeRequests(this.fixtures)];
    const large = JSON.stringify({ instances: Array.from({ length: LARGE_ROWS }, (_, i) => [i % 7, i % 11, i % 5]) });
    const packed = gzipSync(large);
    const lanes: [milliseconds: number, step: (n: number) => Promise<unknown>][] = [
      ...Array.from({ length: 4 }, (): [number, () => Promise<unknown>] => [50, () => this.predict()]),
      [300, (n) => this.label(n)],
      [1000, (n) => this.sendRows(n)],
      [50, () => this.breakOff(pick(requests, this.random))],
      [5000, () => this.send('large bodies', 'POST', '/predict', large, { 'content-type': JSON_TYPE })],
      [
        7000,
        () =>
          this.send('large bodies', 'POST', '/predict', packed, {
            'content-type': JSON_TYPE,
            'content-encoding': 'gzip',
          }),
      ],
      // A hundred of them, the number of records that the service retains, take less than the default warm-up.
      [8000, (n) => this.train(n)],
      [
        10_000,
        () => this.send('tables', 'POST', '/train?dry_run=true', mixedTable(ROWS), { 'content-type': 'text/csv' }),
      ],
      [15_000, () => this.send('uploads', 'POST', '/models', archive, { 'content-type': 'application/gzip' })],
      [15_000, () => this.download()],
      [45_000, () => this.rollBack()],
      [60_000, () => this.rebaseline()],
      [2000, () => this.follow()],
      [10_000, () => this.send('documents', 'GET', '/openapi.json')],
      [10_000, () => this.send('documents', 'GET', '/docs/json')],
    ];
    await Promise.all(
      lanes.map(async ([pause, step]) => {
        for (let n = 0; !signal.aborted; n++) {
          await step(n).catch((error: Error) => this.fail(String(error.cause ?? error)));
          await sleep(pause, undefined, { signal }).catch(() => {});
        }
      }),
    );
  }

  private predict(): Promise<unknown> {
    return this.json('predictions', '/predict', { instances: this.someRows(1 + this.random.below(20)) });
  }

  /** Predicts rows with an id, labels them, and sends the label again from time to time. */
  private async label(n: number): Promise<void> {
    const rows = this.someRows(1 + this.random.below(3));
    const { prediction_id: id } = (await this.json('predictions', '/predict?ids=true', { instances: rows })) as {
      prediction_id?: string;
    };
    if (!id) return;
    const body = { ids: [id, 'none'], targets: [rows.map(([a]) => a), [1]] };
    for (let i = n % 3 === 0 ? 0 : 1; i < 2; i++) await this.json('feedback', '/feedback', body);
  }

  private sendRows(n: number): Promise<unknown> {
    const instances = this.someRows(5);
    const body = { instances, targets: instances.map(([a]) => a) };
    return this.json('feedback', '/feedback', body, { 'idempotency-key': String(n) });
  }

  /** Delivers a request of any protocol in any way, most of them with an early end. */
  private async breakOff(request: FuzzRequest): Promise<void> {
    const delivery = pick(DELIVERIES, this.random);
    const how = { delivery, at: this.random.uniform(), reset: this.random.below(2) === 0, damaged: false };
    const { replies } = await exchange(this.port, { index: 0, request, bytes: toBytes(request), ...how });
    for (const { status, body } of replies) this.count('broken-off and piecemeal', status, body.toString('latin1'));
  }

  /** Downloads the version that serves. */
  private async download(): Promise<void> {
    const { model_version: version } = JSON.parse(await this.send('documents', 'GET', '/model'));
    await this.send('archives', 'GET', `/models/${version}/archive`);
  }

  /** Trains in turns on numbers and on mixed columns, and on feedback. */
  private async train(n: number): Promise<void> {
    const options = `epochs=3&wait=true&promote=${n % 2 === 0 ? 'always' : 'never'}`;
    if (n % 3 === 2) await this.json('trainings', `/train?${options}`, { source: 'feedback' });
    else {
      const csv = n % 4 < 2 ? this.csv : mixedTable(ROWS);
      const type = { 'content-type': 'text/csv' };
      await this.send('trainings', 'POST', `/train?target=y&replace=true&${options}`, csv, type);
    }
    await this.look();
  }

  private async rollBack(): Promise<void> {
    await this.send('rollbacks', 'POST', '/models/rollback');
    await this.look();
  }

  /** Finds out which columns the model that serves now has. */
  private async look(): Promise<void> {
    const { features } = JSON.parse(await this.send('documents', 'GET', '/model'));
    // A refusal has none.
    if (features) this.isMixed = features.includes('color');
  }

  private rebaseline(): Promise<unknown> {
    const since = new Date(Date.now() - 60_000).toISOString();
    return this.json('baselines', '/drift/baseline', { since, reason: 'soak', minimum_rows: 200 });
  }

  /** Follows the events of drift for a moment. */
  private async follow(): Promise<void> {
    const abort = new AbortController();
    const response = await fetch(`${this.url}/drift/events`, { signal: abort.signal });
    await sleep(1000);
    abort.abort();
    this.count('event streams', response.status, '');
  }

  private async json(kind: string, path: string, body: object, headers: Record<string, string> = {}): Promise<unknown> {
    const type = { 'content-type': JSON_TYPE };
    return JSON.parse(await this.send(kind, 'POST', path, JSON.stringify(body), { ...type, ...headers }));
  }

  private async send(
    kind: string,
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<string> {
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(`${this.url}${path}`, { method, headers, signal, ...(body ? { body } : {}) });
    const text = await response.text();
    this.count(kind, response.status, text);
    return text;
  }

  private count(kind: string, status: number, body: string): void {
    const key = `${kind} ${status}`;
    this.statuses.set(key, (this.statuses.get(key) ?? 0) + 1);
    if (status >= 500 && status !== 501 && status !== 503) this.fail(`${key}: ${body.slice(0, 300)}`);
  }

  private fail(what: string): void {
    if (this.failures.length < 20) this.failures.push(what);
  }

  /** Rows of the columns that serve. */
  private someRows(count: number): (number | string | null)[][] {
    const { random } = this;
    if (this.isMixed) return this.mixed.slice(random.below(ROWS - count)).slice(0, count);
    return Array.from({ length: count }, () => [random.normal(), 3 + random.normal(), 5 + 2 * random.normal()]);
  }
}

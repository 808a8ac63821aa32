import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../src/base/statistics/random.js';
import type { OpenApi } from './contract.js';

/** The path that a platform asks for predictions at, as the golden requests have it. */
const VERTEX = '/v1/endpoints/7/deployedModels/9';
const MODEL = 'test';
const ROWS = 400;
const START_TIMEOUT = 30_000;
/** Time between two looks at whether the service is still useful, and for which a training may run, in milliseconds. */
const INTERVAL = 1000;

/** What valid requests are made of. */
export interface Fixtures {
  readonly rows: readonly (readonly number[])[];
  readonly archive: Buffer<ArrayBuffer>;
  readonly jobId: string;
  readonly predictionIds: readonly string[];
  readonly openapi: OpenApi;
}

/** The built service in a process of its own, with a model of the features a, b and c and the target y. */
export class FuzzedService {
  readonly port: number;
  restarts = 0;
  private readonly main: string;
  private readonly directory: string;
  private child: ChildProcess | undefined;
  private base: { version: string; archive: Buffer<ArrayBuffer>; predicted: string } | undefined;
  private jobs: string[] = [];

  constructor(main: string, directory: string, port: number) {
    this.main = main;
    this.directory = directory;
    this.port = port;
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'rows.csv'), ['a,b,c,y', ...sampleRows().map((row) => row.join(','))].join('\n'));
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  private get alive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of what the service has logged, and how it ended. */
  lastWords(): string {
    const { exitCode, signalCode } = this.child ?? {};
    const log = readFileSync(join(this.directory, 'log'), 'utf8');
    const fatal = log.split('\n').filter((line) => /"level":60|Error|FATAL/.test(line));
    return `exit code ${exitCode}, signal ${signalCode}: ${fatal.at(-1)?.slice(0, 600) ?? log.slice(-600)}`;
  }

  /** Starts the service, again if it has ended, and waits until it is ready. */
  async start(): Promise<void> {
    const log = openSync(join(this.directory, 'log'), 'a');
    this.child = spawn(process.execPath, [this.main], {
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: String(this.port),
        MODEL_STORE: join(this.directory, 'store'),
        MODEL_NAME: MODEL,
        KEEP_VERSIONS: '100',
        TRAIN_DATA: join(this.directory, 'rows.csv'),
        TRAIN_TARGET: 'y',
        AIP_PREDICT_ROUTE: `${VERTEX}:predict`,
        AIP_HEALTH_ROUTE: VERTEX,
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const deadline = Date.now() + START_TIMEOUT;
    while (!(await this.ready())) {
      if (!this.alive || Date.now() > deadline) throw new Error(`the service did not start: ${this.lastWords()}`);
      await sleep(50);
    }
  }

  /** Trains a second version and reads what valid requests are made of. */
  async prepare(): Promise<Fixtures> {
    const csv = readFileSync(join(this.directory, 'rows.csv'));
    const job = await this.json('POST', '/train?target=y&epochs=3&wait=true&promote=always', csv, 'text/csv');
    const predicted = await Promise.all(
      [1, 2].map(() => this.json('POST', '/predict?ids=true', JSON.stringify({ instances: [[1, 2, 3]] }))),
    );
    const version = String((await this.json('GET', '/model'))['model_version']);
    const archive = Buffer.from(await (await this.fetch('GET', `/models/${version}/archive`)).arrayBuffer());
    this.base = { version, archive, predicted: await this.predict() };
    return {
      rows: sampleRows().slice(0, 60),
      archive,
      jobId: String(job['id']),
      predictionIds: predicted.map((reply) => String(reply['prediction_id'])),
      openapi: (await this.json('GET', '/openapi.json')) as unknown as OpenApi,
    };
  }

  /** Notes a training, so that it is cancelled if it runs for long. */
  noteJob(location: string): void {
    this.jobs.push(location);
  }

  /** Serves the first model again whenever another one does, and cancels trainings, until `signal` says so. */
  async keepUseful(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(INTERVAL, undefined, { signal }).catch(() => undefined);
      const jobs = this.jobs.splice(0);
      await Promise.all(jobs.map((location) => this.fetch('DELETE', location).catch(() => undefined)));
      await this.restore().catch(() => undefined);
    }
  }

  /** Returns what is wrong if the service does not predict, train and take feedback as before. */
  async defect(): Promise<string | undefined> {
    try {
      await this.restore();
      const predicted = await this.predict();
      if (predicted !== this.base?.predicted) return `predicts ${predicted}, at first ${this.base?.predicted}`;
      const csv = readFileSync(join(this.directory, 'rows.csv'));
      await this.json('POST', '/train?target=y&epochs=1&wait=true&promote=never', csv, 'text/csv');
      await this.json('POST', '/feedback', JSON.stringify({ instances: [[1, 2, 3]], targets: [4] }));
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }

  /** Connections and other sockets that the process holds, on Linux. */
  openSockets(): number {
    const directory = `/proc/${this.pid}/fd`;
    if (!existsSync(directory)) return 0;
    return readdirSync(directory).filter((name) => isSocket(join(directory, name))).length;
  }

  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.alive) {
      const ended = once(this.child!, 'close');
      this.child!.kill('SIGTERM');
      const timer = setTimeout(() => this.child?.kill('SIGKILL'), START_TIMEOUT);
      await ended;
      clearTimeout(timer);
    }
    return { code: this.child?.exitCode ?? null, signal: this.child?.signalCode ?? null };
  }

  /** Resolves when the process has ended; one that accepts no connections any more has some time for that. */
  async ended(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    while (this.alive && Date.now() < deadline) await sleep(50);
    this.kill();
  }

  kill(): void {
    this.child?.kill('SIGKILL');
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
  }

  private async predict(): Promise<string> {
    const { predictions } = await this.json('POST', '/predict', JSON.stringify({ instances: [[1, 2, 3]] }));
    return JSON.stringify(predictions);
  }

  private async ready(): Promise<boolean> {
    const { status } = await this.fetch('GET', '/readyz').catch(() => ({ status: 0 }));
    return status === 200;
  }

  private async json(method: string, path: string, body?: string | Buffer<ArrayBuffer>, type = 'application/json') {
    const response = await this.fetch(method, path, body, type);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  private fetch(
    method: string,
    path: string,
    body?: string | Buffer<ArrayBuffer>,
    type = 'application/json',
  ): Promise<Response> {
    const headers = { connection: 'close', ...(body === undefined ? {} : { 'content-type': type }) };
    return fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(START_TIMEOUT),
      ...(body === undefined ? {} : { body }),
    });
  }
}

/** True if something accepts connections at this port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(descriptor).startsWith('socket:');
  } catch {
    return false;
  }
}

/** Rows `[a, b, c, y]` of a nearly linear target. */
function sampleRows(): number[][] {
  const random = createRandom(1);
  return Array.from({ length: ROWS }, () => {
    const [a, b, c] = [random.normal(), 3 + random.normal(), 5 + 2 * random.normal()];
    return [a, b, c, 2 * a + b - c + 0.1 * random.normal()];
  });
}

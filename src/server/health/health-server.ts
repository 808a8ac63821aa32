import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { DomainError } from '../../base/domain-error.js';
import { builtFile } from '../../base/node/built-file.js';
import type { PredictionService } from '../service/prediction/prediction-service.js';
import type { HealthMessage, HealthTask, Readiness } from './health-messages.js';

/** Milliseconds between two beats, after which the thread knows the current readiness. */
const BEAT_INTERVAL = 100;
/** Heap of the thread, in MiB. */
const HEAP = 16;

export interface HealthServerOptions {
  /** Empty for 127.0.0.1 and ::1. */
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  readonly service: Pick<PredictionService, 'ready'>;
  /** Whether anyone may know which version serves, and why none does. */
  readonly isOpen: boolean;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * Answers `/livez` and `/readyz` at a port of their own, from a thread of its own: at once, however busy the main thread is. The
 * process is live as long as the main thread's event loop turns.
 */
export class HealthServer {
  port = 0;
  private readonly options: HealthServerOptions;
  private readonly worker: Worker;
  private readonly beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly timer: NodeJS.Timeout;
  private known = '';

  private constructor(options: HealthServerOptions) {
    this.options = options;
    const { host, port } = options;
    this.worker = new Worker(builtFile('health-worker.js'), {
      workerData: { host, port, beats: this.beats } satisfies HealthTask,
      resourceLimits: { maxOldGenerationSizeMb: HEAP, maxYoungGenerationSizeMb: 1 },
    });
    this.worker.on('error', (err) => options.log.error({ err }, 'the thread of the health port has failed'));
    this.timer = setInterval(() => this.beat(), BEAT_INTERVAL).unref();
  }

  /** Resolves when it listens. Rejects with Node's error, for example `EADDRINUSE`. */
  static async listen(options: HealthServerOptions): Promise<HealthServer> {
    const server = new HealthServer(options);
    const message = await new Promise<HealthMessage>((resolve, reject) => {
      server.worker.once('message', resolve).once('error', reject);
    });
    if ('port' in message) {
      server.port = message.port;
      return server;
    }
    await server.close();
    throw Object.assign(new Error(message.message), { code: message.code });
  }

  /** Passes on the current readiness, which otherwise takes up to a tenth of a second. */
  beat(): void {
    Atomics.add(this.beats, 0, 1);
    const readiness = this.readiness();
    const text = JSON.stringify(readiness);
    if (text === this.known) return;
    this.known = text;
    this.worker.postMessage(readiness);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.worker.terminate();
  }

  private readiness(): Readiness {
    const { service, isOpen } = this.options;
    try {
      const { version } = service.ready;
      return { status: 200, body: { status: 'ready', ...(isOpen && { model_version: String(version) }) } };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { status: 503, body: { error: isOpen ? error.message : 'not ready', code: error.code } };
    }
  }
}

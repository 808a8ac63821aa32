import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import { DomainError } from '../domain-error.js';
import { builtFile } from './built-file.js';
import { loadPackage } from './load-package.js';
import { MEMORY } from './memory-limits.js';
import type { WorkerResult } from './worker-task.js';

/** Maximum of the youngest objects' memory, in MiB: V8's own. */
const MAX_YOUNG = 48;

export interface WorkerThreadOptions {
  /** Milliseconds without work after which the thread ends and frees its memory. */
  readonly idleTimeout?: number;
  /** Maximum heap in MiB. By default the share of `MEMORY`. */
  readonly maxOldGenerationSizeMb?: number;
}

/**
 * Runs the functions that a built file exports (see `workerTask`) in one thread, one task at a time. The thread starts
 * with the first task, and again after it has ended.
 */
export class WorkerThread {
  private readonly file: string;
  private readonly options: WorkerThreadOptions;
  private pool: Piscina | undefined;
  private failure = new AbortController();
  private previous: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(file: string, options: WorkerThreadOptions = {}) {
    this.file = file;
    this.options = options;
  }

  /**
   * Runs the exported function `name` with `task`. `transfer` is moved to the thread instead of copied. Rejects with the
   * error of this task; the tasks after it are run all the same, if need be in a new thread.
   */
  run<T>(name: string, task: unknown, transfer: ArrayBuffer[] = []): Promise<T> {
    // The tasks do not wait in the queue of piscina: it does not replace a thread that died while others are queued (5.3).
    const result = this.previous.then(() => this.runNow<T>(name, task, transfer));
    this.previous = result.catch(() => {});
    return result;
  }

  /** Ends the thread. Tasks that are running or waiting are rejected. */
  async close(): Promise<void> {
    this.closed = true;
    await this.pool?.destroy();
  }

  private async runNow<T>(name: string, task: unknown, transferList: ArrayBuffer[]): Promise<T> {
    this.pool ??= this.createPool();
    if (this.closed) throw new Error(`the thread of ${this.file} has been closed`);
    const { signal } = this.failure;
    const result: WorkerResult<T> = await this.pool.run(task, { name, transferList, signal });
    if ('code' in result) throw new DomainError(result.code, result.message);
    return result.value;
  }

  private createPool(): Piscina {
    // Only now: most processes never need it, and it would slow every start.
    const { Piscina } = loadPackage('piscina') as typeof import('piscina');
    const { idleTimeout = 0, maxOldGenerationSizeMb = MEMORY.threadHeap } = this.options;
    const filename = fileURLToPath(builtFile(this.file));
    const pool = new Piscina({
      filename,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout,
      resourceLimits: {
        maxOldGenerationSizeMb,
        maxYoungGenerationSizeMb: Math.min(MAX_YOUNG, maxOldGenerationSizeMb / 8),
      },
      // The thread waits in its event loop: with atomics, large bodies took 10 to 25 % longer to read.
      atomics: 'disabled',
    });
    // The thread died without a task, for example while it loaded its file: the task that waits for it would wait for ever.
    pool.on('error', (cause) => {
      this.failure.abort(cause);
      this.failure = new AbortController();
    });
    return pool;
  }
}

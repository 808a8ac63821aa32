import { Worker } from 'node:worker_threads';
import { DomainError } from '../../base/domain-error.js';
import type { Rows } from '../../model/tables/rows.js';
import type { TableInfo } from '../../model/tables/table-file.js';
import type { FeedbackRows } from '../service/feedback/feedback-rows.js';
import type {
  FeedbackTask,
  OutlinedBody,
  OutlineTask,
  ReadingResult,
  ReadingTask,
  TableTask,
  WorkerTask,
} from './body-reader-worker.js';

/** Milliseconds without work after which the thread and its memory go. */
const IDLE = 10_000;

/** Rows, and what else the body of a contract asks for. */
export interface ReadRows extends Rows {
  readonly asked?: unknown;
}

interface Reading {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reads large bodies that only JSON.parse can read in a thread of its own: it cannot be done in parts, and holds the
 * event loop for a fifth of a second at 100,000 named rows. The thread starts at the first of them, takes one after
 * another, and ends when there are none for a while. It takes the body's memory.
 */
export class BodyReader {
  private worker: Worker | undefined;
  private idle: NodeJS.Timeout | undefined;
  private readonly readings = new Map<number, Reading>();
  private ids = 0;

  /** Rejects with what `readInstances` and `readRows`, or the contract's reader, throw. */
  read(task: Omit<ReadingTask, 'kind'>): Promise<ReadRows> {
    return this.ask({ kind: 'rows', ...task });
  }

  /** What a body holds beside its rows, see `outline`; and the body back. Rejects with `INVALID_JSON`. */
  outline(task: Omit<OutlineTask, 'kind'>): Promise<OutlinedBody> {
    return this.ask({ kind: 'outline', ...task });
  }

  /** Writes the rows of a body to a table. Rejects with what `jsonToTable` throws. */
  table(task: Omit<TableTask, 'kind'>): Promise<TableInfo> {
    return this.ask({ kind: 'table', ...task });
  }

  /** The rows of feedback. Rejects with what `readFeedback` and `joinTargets` throw. */
  feedback(task: Omit<FeedbackTask, 'kind'>): Promise<FeedbackRows> {
    return this.ask({ kind: 'feedback', ...task });
  }

  /** The body is handed over and not copied, which would take long, unless it is a piece of something larger. */
  private ask<T>(task: WorkerTask): Promise<T> {
    const { buffer, byteLength } = task.body;
    const given = buffer.byteLength === byteLength && buffer instanceof ArrayBuffer ? [buffer] : [];
    clearTimeout(this.idle);
    this.worker ??= this.start();
    const id = this.ids++;
    return new Promise<T>((resolve, reject) => {
      this.readings.set(id, { resolve, reject });
      this.worker!.postMessage({ id, task }, given);
    });
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    clearTimeout(this.idle);
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(new URL(import.meta.resolve('#built/body-reader-worker.js')));
    let failure: Error = new Error('the thread that reads large bodies ended');
    worker.on('message', (result: ReadingResult) => this.take(result));
    worker.on('error', (error: Error & { code?: string }) => {
      failure = error;
      if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return;
      failure = new DomainError('NOT_READY', 'a body beside this one took all memory to read; send it again');
      // The one that was being read: they are read in their order.
      const [first] = this.readings;
      if (!first) return;
      this.readings.delete(first[0]);
      first[1].reject(new DomainError('TOO_LARGE', 'body: takes more memory to read than there is; send fewer rows'));
    });
    worker.on('exit', () => {
      // One that was retired had no work left: what there is now is its successor's.
      if (this.worker !== worker) return;
      this.worker = undefined;
      for (const { reject } of this.readings.values()) reject(failure);
      this.readings.clear();
    });
    return worker;
  }

  private take(result: ReadingResult): void {
    const reading = this.readings.get(result.id)!;
    this.readings.delete(result.id);
    if ('value' in result) reading.resolve(result.value as never);
    else reading.reject(new DomainError(result.code, result.message));
    if (this.readings.size === 0) this.idle = setTimeout(() => void this.retire(), IDLE).unref();
  }

  /** The next body gets a new thread, even while this one is still ending. */
  private async retire(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }
}

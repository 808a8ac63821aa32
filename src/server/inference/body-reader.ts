import { DomainError } from '../../base/domain-error.js';
import { WorkerThread, type WorkerThreadOptions } from '../../base/node/worker-thread.js';
import type { TableInfo } from '../../model/tables/table-file.js';
import type { Reading } from '../readers/row-list.js';
import type { FeedbackRows, JoinedRows } from '../service/feedback/feedback-rows.js';
import type { AnswersTask, FeedbackTask, OutlinedBody, RowsTask, TableTask } from './body-reader-worker.js';

/** Milliseconds without work after which the thread ends. */
const IDLE = 10_000;

/**
 * Reads large bodies that only JSON.parse can read in a thread of their own: JSON.parse cannot be done in parts, and holds
 * the event loop for a fifth of a second at 100,000 named rows. The thread takes over the body's memory.
 *
 * Every method rejects with `TOO_LARGE` if the body takes more memory to read than there is.
 */
export class BodyReader {
  private readonly thread: WorkerThread;

  constructor(limits: Pick<WorkerThreadOptions, 'maxOldGenerationSizeMb'> = {}) {
    this.thread = new WorkerThread('body-reader-worker.js', { idleTimeout: IDLE, ...limits });
  }

  /** Reads the rows of a prediction. Rejects with what the reader throws. */
  read(task: RowsTask): Promise<Reading> {
    return this.run('readPrediction', task);
  }

  /** Returns what the body holds beside its rows (see `outline`), and the body. Rejects with `INVALID_JSON`. */
  outline(task: { readonly body: Uint8Array }): Promise<OutlinedBody> {
    return this.run('outlineBody', task);
  }

  /** Writes the rows of a body to a table. Rejects with what `jsonToTable` throws. */
  table(task: TableTask): Promise<TableInfo> {
    return this.run('writeTable', task);
  }

  /** Reads the rows of feedback. Rejects with what `readFeedback` throws. */
  feedback(task: FeedbackTask): Promise<FeedbackRows> {
    return this.run('readLabelled', task);
  }

  /** Joins the rows of predictions with their targets. Rejects with what `joinTargets` throws. */
  answers(task: AnswersTask): Promise<JoinedRows> {
    return this.run('readAnswers', task);
  }

  /** Ends the thread. */
  close(): Promise<void> {
    return this.thread.close();
  }

  private async run<T>(name: string, task: { readonly body: Uint8Array }): Promise<T> {
    // Copying a body would take long; only a view of a larger buffer must be copied.
    const { buffer, byteLength } = task.body;
    const whole = buffer.byteLength === byteLength && buffer instanceof ArrayBuffer;
    try {
      return await this.thread.run<T>(name, task, whole ? [buffer] : []);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
      throw new DomainError('TOO_LARGE', 'body: takes more memory to read than there is; send fewer rows');
    }
  }
}

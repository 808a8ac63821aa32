import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { Child } from '../../base/node/child-process.js';
import type { Columns } from '../tables/columns.js';
import type { FeedbackBounds } from './feedback-database.js';
import type {
  FeedbackArguments,
  FeedbackMethod,
  FeedbackOutcome,
  FeedbackResult,
  FeedbackTask,
} from './feedback-messages.js';
import type { FeedbackChunk } from './labelled-batch.js';

/** Milliseconds without work after which the process exits and frees its memory. */
const IDLE_TIMEOUT = 10_000;
/** Maximum tasks of one transaction, which are sent to the process in one message. */
const MAX_TASKS = 256;
const CHUNK_ROWS = 1000;

interface Pending {
  readonly task: FeedbackTask;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The feedback database, in a process that starts when it is first needed. When a call resolves, its changes are on the disk.
 * Calls that arrive while the process is busy share one transaction.
 *
 * Every call rejects with `FEEDBACK_UNAVAILABLE` and the reason if the file cannot be read or written.
 */
export class FeedbackStore {
  readonly bounds: FeedbackBounds;
  private readonly path: string;
  private child: Child<readonly FeedbackOutcome[]> | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private idle: NodeJS.Timeout | undefined;
  private readonly pending: Pending[] = [];
  private sent: readonly Pending[] = [];
  private closed = false;

  constructor(directory: string, bounds: FeedbackBounds) {
    this.path = join(directory, 'feedback.db');
    this.bounds = bounds;
  }

  /** Whether anything was ever stored. If not, there is no reason to start the process. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Calls a method of the database. Rejects also with what the method throws. */
  call<M extends FeedbackMethod>(method: M, ...args: FeedbackArguments<M>): Promise<FeedbackResult<M>> {
    return new Promise((resolve, reject) => {
      this.pending.push({ task: { method, args }, resolve: resolve as (value: unknown) => void, reject });
      this.send();
    });
  }

  /** Yields all labelled rows of these columns that are stored now, oldest first. */
  async *rows(columns: Columns): AsyncGenerator<FeedbackChunk> {
    const newest = await this.call('newest');
    for (let last = 0; last < newest; ) {
      const chunk = await this.call('chunk', columns, last, newest, CHUNK_ROWS);
      if (chunk.rows > 0) yield chunk;
      last = chunk.last;
    }
  }

  /** Finishes the calls in progress, then ends the process. */
  async close(): Promise<void> {
    this.closed = true;
    this.retire();
    await this.ended;
  }

  private send(): void {
    if (this.sent.length > 0 || this.pending.length === 0) return;
    clearTimeout(this.idle);
    this.sent = this.pending.splice(0, MAX_TASKS);
    if (!this.child && this.closed) {
      this.fail(new Error('the service is shutting down'));
      return;
    }
    this.child ??= this.start();
    this.child.send(this.sent.map(({ task }) => task));
  }

  private start(): Child<readonly FeedbackOutcome[]> {
    const child = new Child<readonly FeedbackOutcome[]>('feedback-process.js', (outcomes) => this.settle(outcomes), {
      args: [JSON.stringify([this.path, this.bounds])],
      serialization: 'advanced',
    });
    const end = (cause: Error) => {
      if (this.child !== child) return;
      this.child = undefined;
      this.fail(cause);
    };
    this.ended = child.exit.then(({ reason, output }) => end(new Error(`${reason}: ${output}`)), end);
    return child;
  }

  private settle(outcomes: readonly FeedbackOutcome[]): void {
    const { sent } = this;
    this.sent = [];
    for (const [i, outcome] of outcomes.entries()) {
      if ('value' in outcome) sent[i]!.resolve(outcome.value);
      else sent[i]!.reject(new DomainError(outcome.code, outcome.message, { cause: outcome.cause }));
    }
    this.idle = setTimeout(() => this.retire(), IDLE_TIMEOUT).unref();
    this.send();
    if (this.closed) this.retire();
  }

  private fail(cause: Error): void {
    const { sent } = this;
    this.sent = [];
    const error = new DomainError('FEEDBACK_UNAVAILABLE', 'feedback cannot be stored or read: its process ended', {
      cause,
    });
    for (const { reject } of sent) reject(error);
    this.send();
  }

  /** Lets the process close the file and exit, unless it has work. */
  private retire(): void {
    clearTimeout(this.idle);
    if (this.sent.length > 0) return;
    this.child?.send(null);
    this.child = undefined;
  }
}

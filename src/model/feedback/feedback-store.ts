import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { Child } from '../../base/node/child-process.js';
import type { CodedColumns } from './coded-columns.js';
import type {
  FeedbackArguments,
  FeedbackMethod,
  FeedbackOutcome,
  FeedbackResult,
  FeedbackTask,
} from './feedback-messages.js';
import type { FeedbackBounds } from './feedback-pruning.js';
import type { FeedbackChunk } from './labelled-batch.js';

/** Milliseconds without work after which the process exits and frees its memory. */
const IDLE_TIMEOUT = 10_000;
/** Maximum tasks of one transaction, which are sent to the process in one message, and rows that they add, if more than one does. */
const MAX_TASKS = 256;
const MAX_ROWS = 20_000;
/** Milliseconds after which a process that does not answer is killed, and additional ones for each row that it is to add. */
const PATIENCE = 5000;
const PATIENCE_PER_ROW = 0.1;
/** The same for a process that is to end because the service ends. */
const CLOSING_PATIENCE = 2000;
/** Milliseconds to wait for the end of a process that was killed. One that waits for a dead disk does not end. */
const KILL_PATIENCE = 500;
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
 * Every call rejects with `FEEDBACK_UNAVAILABLE` and the reason if the file cannot be read or written, or if the process does
 * not answer. It is killed then, and no other is started before it has ended.
 */
export class FeedbackStore {
  readonly bounds: FeedbackBounds;
  private readonly path: string;
  private child: Child<readonly FeedbackOutcome[]> | undefined;
  /** The process that was started last, and its end. */
  private latest: Child<readonly FeedbackOutcome[]> | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private isHanging = false;
  private idle: NodeJS.Timeout | undefined;
  private patience: NodeJS.Timeout | undefined;
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
  async *rows(columns: CodedColumns): AsyncGenerator<FeedbackChunk> {
    const newest = await this.call('newest');
    for (let last = 0; last < newest; ) {
      const chunk = await this.call('chunk', columns, last, newest, CHUNK_ROWS);
      if (chunk.rows > 0) yield chunk;
      last = chunk.last;
    }
  }

  /** Finishes the calls in progress, then ends the process. Takes no longer than two or three seconds. */
  async close(): Promise<void> {
    this.closed = true;
    this.retire();
    let timer: NodeJS.Timeout | undefined;
    const abandoned = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.giveUp(CLOSING_PATIENCE);
        timer = setTimeout(resolve, KILL_PATIENCE);
      }, CLOSING_PATIENCE);
    });
    await Promise.race([this.ended, abandoned]);
    clearTimeout(timer);
  }

  private send(): void {
    if (this.sent.length > 0 || this.pending.length === 0) return;
    clearTimeout(this.idle);
    const [tasks, rows] = countTasks(this.pending);
    this.sent = this.pending.splice(0, tasks);
    if (this.isHanging) {
      this.fail(new Error('the process was killed, and has not ended yet'), 'its process does not answer');
      return;
    }
    if (!this.child && this.closed) {
      this.fail(new Error('the service is shutting down'));
      return;
    }
    try {
      this.child ??= this.start();
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    this.child.send(this.sent.map(({ task }) => task));
    const patience = PATIENCE + PATIENCE_PER_ROW * rows;
    this.patience = setTimeout(() => this.giveUp(patience), patience).unref();
  }

  /** Kills the process, which has not answered within `patience` milliseconds. */
  private giveUp(patience: number): void {
    this.latest?.kill();
    this.isHanging = true;
    this.fail(new Error(`no answer within ${patience} ms`), 'its process does not answer');
  }

  private start(): Child<readonly FeedbackOutcome[]> {
    const child = new Child<readonly FeedbackOutcome[]>('feedback-process.js', (outcomes) => this.settle(outcomes), {
      args: [JSON.stringify([this.path, this.bounds])],
      serialization: 'advanced',
    });
    const end = (cause: Error) => {
      if (this.latest === child) this.isHanging = false;
      if (this.child !== child) return;
      this.child = undefined;
      this.fail(cause);
    };
    this.latest = child;
    this.ended = child.exit.then(({ reason, output }) => end(new Error(`${reason}: ${output}`)), end);
    return child;
  }

  private settle(outcomes: readonly FeedbackOutcome[]): void {
    // The process was killed just as it answered, and its calls have failed.
    if (this.isHanging) return;
    clearTimeout(this.patience);
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

  private fail(cause: Error, reason = 'its process ended'): void {
    clearTimeout(this.patience);
    const { sent } = this;
    this.sent = [];
    const error = new DomainError('FEEDBACK_UNAVAILABLE', `feedback cannot be stored or read: ${reason}`, { cause });
    for (const { reject } of sent) reject(error);
    this.send();
  }

  /** Lets the process close the file and exit, unless it has work. */
  private retire(): void {
    clearTimeout(this.idle);
    const { child } = this;
    if (this.sent.length > 0 || !child) return;
    this.child = undefined;
    child.send(null);
    const kill = setTimeout(() => child.kill(), PATIENCE).unref();
    child.exit.catch(() => {}).finally(() => clearTimeout(kill));
  }
}

/** Returns how many of the pending tasks the next transaction takes, and the rows that they add. */
function countTasks(pending: readonly Pending[]): [tasks: number, rows: number] {
  let rows = 0;
  for (const [i, { task }] of pending.entries()) {
    const [batch] = task.args as Partial<FeedbackArguments<'add'>>;
    const added = task.method === 'add' ? batch!.rows : 0;
    if (i === MAX_TASKS || (i > 0 && rows + added > MAX_ROWS)) return [i, rows];
    rows += added;
  }
  return [pending.length, rows];
}

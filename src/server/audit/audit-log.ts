import type { Logger } from 'pino';
import { DomainError } from '../../base/domain-error.js';
import type { AuditDestination } from './audit-destination.js';
import type { AuditEvent } from './audit-event.js';
import type { ChainHead } from './audit-line.js';

/** Milliseconds until entries that could not be written are tried again. */
const RETRY_INTERVAL = 5000;
/** Entries that wait for the destination. More can only come of requests that were under way when it failed. */
const MAX_UNWRITTEN = 1000;

interface Waiting {
  readonly event: AuditEvent;
  readonly resolve: () => void;
  /** Without it, the entry is kept until it can be written. */
  readonly reject: ((error: unknown) => void) | undefined;
}

/**
 * The audit log. A change is recorded twice: before it is begun, and with its outcome. If the first entry cannot be written, the
 * change is refused with `AUDIT_UNAVAILABLE`, so that nothing is done without a trace, whenever the process dies. If only the second
 * one cannot, what was done stays done: the entry waits in memory, and further changes are refused until it has been written.
 *
 * Entries that arrive during a write are written together, with one flush.
 */
export class AuditLog {
  /** Entries written. */
  entries = 0;
  /** Attempts to write that failed. */
  failures = 0;
  private readonly destination: AuditDestination;
  private readonly log: Pick<Logger, 'error' | 'info'>;
  private waiting: Waiting[] = [];
  /** Outcomes of what has been done, which the destination did not take. */
  private unwritten: AuditEvent[] = [];
  private writing: Promise<void> | undefined;
  private failed = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(destination: AuditDestination, log: Pick<Logger, 'error' | 'info'>) {
    this.destination = destination;
    this.log = log;
  }

  /** Whether the latest attempt to write succeeded. */
  get isWritable(): boolean {
    return !this.failed;
  }

  /** Tries to reach the destination. Never rejects. */
  async probe(): Promise<void> {
    await this.add([]).catch(() => {});
  }

  /** Records a change that is about to be made. Rejects with `AUDIT_UNAVAILABLE`: then it must not be made. */
  async begin(event: AuditEvent): Promise<void> {
    try {
      await this.add([event]);
    } catch (cause) {
      const message = 'the audit log cannot be written, and no change is made without it; predictions are answered';
      throw new DomainError('AUDIT_UNAVAILABLE', message, { cause });
    }
  }

  /** Records what has been done. Never rejects: an entry that cannot be written now is written later. */
  end(event: AuditEvent): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ event, resolve, reject: undefined });
      this.writing ??= this.writeAll();
    });
  }

  /** Writes what waits. Entries that cannot be written go to the log of the service, as the last resort. */
  async close(): Promise<void> {
    clearTimeout(this.retry);
    await this.writing;
    if (this.unwritten.length > 0) await this.probe();
    clearTimeout(this.retry);
    for (const entry of this.unwritten) this.log.error({ entry }, 'an audit entry could not be written');
    await this.destination.close().catch(() => {});
  }

  private add(events: readonly AuditEvent[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (events.length === 0) this.waiting.push({ event: PROBE, resolve, reject });
      for (const event of events) this.waiting.push({ event, resolve, reject });
      this.writing ??= this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    // Entries of the same turn of the event loop are written together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      await this.write(batch);
    }
    this.writing = undefined;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const late = this.unwritten;
    const events = [...late, ...batch.map(({ event }) => event)].filter((event) => event !== PROBE);
    try {
      const head = await this.destination.append(events);
      this.unwritten = [];
      this.entries += events.length;
      this.onWritten(events.length, head);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      this.onFailed(error);
      for (const { event, resolve, reject } of batch) {
        if (reject) {
          reject(error);
          continue;
        }
        this.keep(event);
        resolve();
      }
    }
  }

  private onWritten(count: number, { seq, hash }: ChainHead): void {
    if (this.failed) this.log.info({ seq }, 'the audit log can be written again');
    this.failed = false;
    clearTimeout(this.retry);
    this.retry = undefined;
    // Elsewhere than the audit log, it shows whether the end of that has been cut off or written anew.
    if (count > 0) this.log.info({ audit_seq: seq, audit_hash: hash }, 'audited');
  }

  private onFailed(err: unknown): void {
    this.failures++;
    if (!this.failed) this.log.error({ err }, 'the audit log cannot be written: changes are refused until it can');
    this.failed = true;
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      void this.probe();
    }, RETRY_INTERVAL).unref();
  }

  private keep(entry: AuditEvent): void {
    if (this.unwritten.length < MAX_UNWRITTEN) this.unwritten.push(entry);
    else this.log.error({ entry }, 'an audit entry could not be written');
  }
}

/** Stands for no entry. */
const PROBE = Object.freeze({}) as AuditEvent;

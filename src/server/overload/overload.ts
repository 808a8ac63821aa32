import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { DomainError } from '../../base/domain-error.js';

/** Milliseconds between two log lines about refused requests. */
const LOG_INTERVAL = 10_000;

/** Why a request is refused: its turn came too late, or it would exceed a limit, for example of memory. */
export type RefusalReason = 'late' | 'limit';

/** What the process refuses because there is more than it can do. */
export class Overload {
  readonly refusedRequests: Record<RefusalReason, number> = { late: 0, limit: 0 };
  refusedConnections = 0;
  private readonly arrivals = new WeakMap<IncomingMessage, number>();
  private readonly late = new WeakSet<IncomingMessage>();
  private readonly log: Pick<Logger, 'warn'>;
  private loggedAt = Number.NEGATIVE_INFINITY;
  private unlogged = 0;

  constructor(log: Pick<Logger, 'warn'>) {
    this.log = log;
  }

  /** Records when a request arrived, in milliseconds. */
  setArrival(request: IncomingMessage, arrived: number): void {
    this.arrivals.set(request, arrived);
  }

  /** Milliseconds since a request arrived; undefined for one that did not come over a connection. */
  age(request: IncomingMessage): number | undefined {
    const arrived = this.arrivals.get(request);
    return arrived === undefined ? undefined : performance.now() - arrived;
  }

  /** Leaves the refusal of a request to `requireInTime`. */
  setLate(request: IncomingMessage): void {
    this.late.add(request);
  }

  /** Throws `OVERLOADED` for a request whose turn came too late. */
  requireInTime(request: IncomingMessage): void {
    if (this.late.has(request)) throw new TooLateError();
  }

  count(reason: RefusalReason): void {
    this.refusedRequests[reason]++;
    this.unlogged++;
    const now = performance.now();
    if (now - this.loggedAt < LOG_INTERVAL) return;
    this.log.warn({ reason, refused: this.unlogged }, 'overloaded: requests were refused');
    this.loggedAt = now;
    this.unlogged = 0;
  }
}

/** What is said of a request whose turn came too late. */
export const TOO_LATE = {
  code: 'OVERLOADED',
  message: 'the server has more requests than it can answer in time; try again later',
} as const;

/** The same as an error. */
export class TooLateError extends DomainError {
  constructor() {
    super(TOO_LATE.code, TOO_LATE.message);
  }
}

import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { DomainError } from '../../../base/domain-error.js';

/** Tables that may arrive at the same time. Each is on the disk, and the first to arrive takes the place of the training. */
const MAX_TABLES = 8;
/** Milliseconds between two checks of how much has arrived. */
const INTERVAL = 5000;
/** Bytes within an interval below which a table is slow: 13 kB/s. */
const MIN_BYTES = 2 ** 16;

interface Arrival {
  readonly request: IncomingMessage;
  readonly body: Readable;
  /** Bytes that its connection had brought by the latest check; minus infinity before the first, which ends no whole interval. */
  bytesRead: number;
  slow: boolean;
}

/**
 * Places of the tables that arrive. A slow one keeps its place as long as there are others. Otherwise a few clients that send
 * a byte now and then could keep all tables from arriving.
 */
export class ArrivingTables {
  private readonly arrivals = new Set<Arrival>();
  private timer: NodeJS.Timeout | undefined;

  /**
   * Takes a place, if need be that of the slow table that has waited longest, whose `body` then fails with `OVERLOADED`.
   * Returns a function that gives the place back. Throws `OVERLOADED` if no place is free and no table is slow.
   */
  take(request: IncomingMessage, body: Readable): () => void {
    if (this.arrivals.size === MAX_TABLES) this.makeRoom();
    const arrival = { request, body, bytesRead: Number.NEGATIVE_INFINITY, slow: false };
    this.arrivals.add(arrival);
    this.timer ??= setInterval(() => this.measure(), INTERVAL).unref();
    return () => this.release(arrival);
  }

  private makeRoom(): void {
    const slow = Array.from(this.arrivals).find((arrival) => arrival.slow);
    if (!slow) throw new DomainError('OVERLOADED', `${MAX_TABLES} other tables are arriving already`);
    this.release(slow);
    const found = `fewer than ${MIN_BYTES} bytes arrived in ${INTERVAL / 1000} seconds`;
    slow.body.destroy(new DomainError('OVERLOADED', `body: ${found}, and another table needed the place`));
  }

  private measure(): void {
    for (const arrival of this.arrivals) {
      const { request, bytesRead } = arrival;
      arrival.bytesRead = request.socket.bytesRead;
      // A paused request waits for this process and not for the client.
      arrival.slow = arrival.bytesRead - bytesRead < MIN_BYTES && !request.isPaused();
    }
  }

  private release(arrival: Arrival): void {
    this.arrivals.delete(arrival);
    if (this.arrivals.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

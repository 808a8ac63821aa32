import type { ServerResponse } from 'node:http';
import { DomainError } from '../../base/domain-error.js';
import { LARGE_BODY } from './large-body.js';

/** Share of the budget that large requests leave to small ones. */
const RESERVE = 1 / 8;
/** Milliseconds between two checks of how much of the bodies has arrived. */
const INTERVAL = 5000;
/** Milliseconds that the whole of a body may take at the pace of its latest interval, while others need its memory. */
const MAX_TIME = 60_000;

/** A body that arrives. */
interface Arrival {
  readonly charge: RequestCharge;
  /** Gives up the body. */
  readonly fail: (error: DomainError) => void;
  /** Bytes of it in this interval; infinite in the one in which it began, which is not a whole one. */
  received: number;
  /** Whether the latest interval brought too little. */
  isSlow: boolean;
}

/**
 * Counts the bytes that requests hold: their bodies, decompressed, the rows in them, and their replies. Bounds the sum. A body that
 * arrives slowly holds its share as long as no other request needs it. Otherwise a few clients that send a byte now and then could
 * keep all large requests out.
 */
export class RequestMemory {
  /** Maximum of `held`. */
  readonly limit: number;
  /** Bytes that are held now. */
  held = 0;
  /** Requests refused so far. */
  refused = 0;

  private readonly arrivals = new Set<Arrival>();
  private timer: NodeJS.Timeout | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Begins to count a request, which ends when its reply has been written and its connection has taken or lost it. */
  open(response: ServerResponse): RequestCharge {
    const charge = new RequestCharge(this);
    response.once('close', () => charge.onClose());
    return charge;
  }

  /** Watches the pace of a body until its end. */
  addArrival(arrival: Arrival): void {
    this.arrivals.add(arrival);
    this.timer ??= setInterval(() => this.measure(), INTERVAL).unref();
  }

  removeArrival(arrival: Arrival): void {
    this.arrivals.delete(arrival);
  }

  /** Gives up slow bodies, those that wait longest first, until `bytes` more are within `limit` or no other is slow. */
  makeRoom(bytes: number, limit: number, own: RequestCharge): void {
    for (const arrival of this.arrivals) {
      if (this.held + bytes <= limit) return;
      const { charge, isSlow, fail } = arrival;
      if (!isSlow || charge === own) continue;
      this.removeArrival(arrival);
      charge.giveBack();
      fail(new DomainError('REQUEST_TIMEOUT', 'body: it arrives too slowly, and other requests need its memory'));
    }
  }

  private measure(): void {
    for (const arrival of this.arrivals) {
      arrival.isSlow = arrival.received * MAX_TIME < arrival.charge.held * INTERVAL;
      arrival.received = 0;
    }
    if (this.arrivals.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** What one request holds. */
export class RequestCharge {
  private readonly memory: RequestMemory;
  private bytes = 0;
  private isAnswered = false;
  private isClosed = false;
  /** What ends later, such as a decompressor, is not counted any more. */
  private isOver = false;

  constructor(memory: RequestMemory) {
    this.memory = memory;
  }

  /**
   * Counts more bytes. Throws `OVERLOADED` if all requests together would hold more than they may, and `TOO_LARGE` if this one
   * would alone.
   */
  add(bytes: number): void {
    if (this.isOver) return;
    const { memory } = this;
    const limit = this.bytes + bytes > LARGE_BODY ? memory.limit * (1 - RESERVE) : memory.limit;
    if (this.bytes + bytes > limit) {
      const got = `${Math.ceil(this.bytes + bytes)} bytes with its rows and its reply`;
      throw new DomainError('TOO_LARGE', `the request takes ${got}, expected at most ${limit}; send fewer rows`);
    }
    if (memory.held + bytes > limit) memory.makeRoom(bytes, limit, this);
    if (memory.held + bytes > limit) {
      memory.refused++;
      throw new DomainError('OVERLOADED', 'other requests hold all memory that there is for them; try again later');
    }
    this.bytes += bytes;
    memory.held += bytes;
  }

  /** Bytes that it holds. */
  get held(): number {
    return this.bytes;
  }

  /**
   * Watches the pace at which a body arrives. While it is slow and other requests need its memory, `fail` is called with
   * `REQUEST_TIMEOUT`. Returns functions to report bytes that have arrived, and the end.
   */
  watchArrival(fail: (error: DomainError) => void): { received: (bytes: number) => void; end: () => void } {
    const { memory } = this;
    const arrival = { charge: this, fail, received: Number.POSITIVE_INFINITY, isSlow: false };
    memory.addArrival(arrival);
    return {
      received: (bytes) => {
        arrival.received += bytes;
      },
      end: () => memory.removeArrival(arrival),
    };
  }

  /** Counts nothing of the request any more: its body has been given up. */
  giveBack(): void {
    this.subtract(this.bytes);
    this.isOver = true;
  }

  /** Counts `bytes` less. */
  subtract(bytes: number): void {
    if (this.isOver) return;
    this.bytes -= bytes;
    this.memory.held -= bytes;
  }

  /** The reply has been written: nothing works on the request any more, even if its client left long ago. */
  onAnswered(): void {
    this.isAnswered = true;
    this.release();
  }

  /** The connection has taken the reply, or has been closed. */
  onClose(): void {
    this.isClosed = true;
    this.release();
  }

  private release(): void {
    if (this.isAnswered && this.isClosed) this.giveBack();
  }
}

import type { ServerResponse } from 'node:http';
import { DomainError } from '../../base/domain-error.js';
import { LARGE_BODY } from './large-body.js';

/** Share of the budget that large requests leave to small ones. */
const RESERVE = 1 / 8;

/** Counts the bytes that requests hold: their bodies, decompressed, the rows in them, and their replies. Bounds the sum. */
export class RequestMemory {
  /** Maximum of `held`. */
  readonly limit: number;
  /** Bytes that are held now. */
  held = 0;
  /** Requests refused so far. */
  refused = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Begins to count a request, which ends when its reply has been written and its connection has taken or lost it. */
  open(response: ServerResponse): RequestCharge {
    const charge = new RequestCharge(this);
    response.once('close', () => charge.onClose());
    return charge;
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
    if (memory.held + bytes > limit) {
      memory.refused++;
      throw new DomainError('OVERLOADED', 'other requests hold all memory that there is for them; try again later');
    }
    this.bytes += bytes;
    memory.held += bytes;
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
    if (!this.isAnswered || !this.isClosed) return;
    this.subtract(this.bytes);
    this.isOver = true;
  }
}

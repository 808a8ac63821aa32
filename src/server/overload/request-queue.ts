import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds for which requests are answered as they are read. Those that are read later in the same turn wait. */
const SLICE = 5;
/** Wait of the oldest request, in milliseconds, up to which requests are answered in the order of their arrival. */
const ORDERLY = 20;
/**
 * Number of requests up to which they are answered in that order however long each takes: clients that wait for each reply
 * would otherwise starve one another.
 */
const FEW = 512;
/** Number of waiting requests that is no overload: if they are late, the event loop has not turned for another reason. */
const HANDFUL = 32;
/** Wait after which the turn of a request comes too late, in milliseconds. */
const PATIENCE = 1000;
/** Milliseconds between two times at which it is recorded that the event loop has looked for requests. */
const BEAT = 50;
/**
 * Requests that may wait behind earlier ones of their connections. A read of 64 KiB holds up to 2,500, of which each takes about
 * 4 KiB of memory.
 */
const MAX_PIPELINED = 4096;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Earliest time at which the request may have arrived, in milliseconds. */
  readonly arrived: number;
  /** Time at which it was read, in milliseconds. */
  readonly read: number;
  /** Later requests of the same connection, whose client has not waited for a reply (pipelining). */
  behind: Waiting[] | undefined;
  /** Whether it has been answered or refused ahead of its turn. */
  isDone: boolean;
}

/** `arrived`: time in milliseconds. */
export type Handler = (request: IncomingMessage, response: ServerResponse, arrived: number) => void;

interface RequestQueueOptions {
  readonly answer: Handler;
  /** Answers that the server is overloaded. Much cheaper than an answer. */
  readonly refuse: Handler;
  /** Returns true for a request that never waits. */
  readonly isUrgent: (request: IncomingMessage) => boolean;
}

/**
 * Takes the requests of a server, and answers each at once unless there are more than the process can answer. Then all requests
 * that have arrived are read first, which is cheap, and wait here: the age of each is known, a turn of the event loop is
 * short, and new connections get their turn.
 *
 * While many wait, and the oldest has waited for long, the newest comes first (adaptive LIFO, B. Maurer, "Fail at Scale", ACM
 * Queue 13(8), 2015): in the order of arrival, every request would wait for as long as its client does, and none would be
 * answered in time. A request that has waited for a second is refused, except for a handful that only waited for a turn of the
 * event loop. If there have been such requests for a second, the load is more than a burst: time that newer requests leave goes
 * to refusals of the older ones.
 *
 * Requests that a client sends without waiting for replies begin in their order, one right after the other. Each has an age of its
 * own, from its arrival to its begin. That its reply waits for those before it does not count: only this client causes it.
 */
export class RequestQueue {
  private readonly options: RequestQueueOptions;
  /** From `first` on, in the order of arrival. */
  private waiting: (Waiting | undefined)[] = [];
  private first = 0;
  /** The first request that waits of each connection. */
  private readonly lines = new Map<Socket, Waiting>();
  /** What waited behind the request that began last. It is next. */
  private following: Waiting[] = [];
  /** Number of requests that wait behind others. */
  private pipelined = 0;
  /** Whether the end of this turn of the event loop will be noticed. */
  private isArmed = false;
  private sliceStart = 0;
  /** Since when many requests have waited, the oldest for longer than `ORDERLY`. */
  private overloadedSince = Number.POSITIVE_INFINITY;
  private lookedAt = performance.now();
  /** Whether the oldest request is taken because it is refused. */
  private isRefusing = false;
  /** How late the event loop looked last. */
  private delay = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(options: RequestQueueOptions) {
    this.options = options;
    this.timer = setInterval(() => {
      const before = performance.now();
      // Between timers and immediates, the event loop looks for requests.
      setImmediate(() => this.onLooked(before));
    }, BEAT).unref();
  }

  /** Number of requests that wait. */
  get size(): number {
    return this.waiting.length - this.first + this.pipelined;
  }

  /** Listens to the server's event `request`. */
  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const now = performance.now();
    if (this.mayAnswer(now) || this.options.isUrgent(request)) {
      this.options.answer(request, response, now);
      return;
    }
    // After a longer turn, the request may have arrived at any time since the event loop last looked.
    const arrived = now - this.lookedAt > 2 * BEAT ? this.lookedAt : now;
    this.enqueue({ request, response, arrived, read: now, behind: undefined, isDone: false }, now);
  };

  /** Records that the event loop has looked for requests at or after `time`, in milliseconds. */
  onLooked(time: number): void {
    this.delay = this.delayAt(time);
    this.lookedAt = time;
  }

  /** Stops the clock. Requests are still answered. */
  close(): void {
    clearInterval(this.timer);
    this.lookedAt = Number.POSITIVE_INFINITY;
  }

  /** Lets a request wait: behind the first of its connection, if one waits. */
  private enqueue(waiting: Waiting, now: number): void {
    const { socket } = waiting.request;
    const first = this.lines.get(socket);
    if (!first) {
      this.lines.set(socket, waiting);
      this.waiting.push(waiting);
      return;
    }
    first.behind ??= [];
    first.behind.push(waiting);
    if (++this.pipelined > MAX_PIPELINED) this.endLine(socket, first, now);
  }

  /** Begins all requests of a connection, because too many wait in memory. */
  private endLine(socket: Socket, first: Waiting, now: number): void {
    const { behind = [] } = first;
    first.isDone = true;
    first.behind = undefined;
    this.lines.delete(socket);
    this.pipelined -= behind.length;
    for (const waiting of [first, ...behind]) this.begin(waiting, now);
  }

  /** Returns whether a request that is read now is answered at once. */
  private mayAnswer(now: number): boolean {
    if (this.size > 0) return false;
    if (now - this.sliceStart <= SLICE) return true;
    if (this.isArmed) return false;
    this.startSlice(now);
    return true;
  }

  private startSlice(now: number): void {
    this.sliceStart = now;
    this.isArmed = true;
    setImmediate(this.onTurnEnd);
  }

  private readonly onTurnEnd = (): void => {
    this.isArmed = false;
    if (this.size === 0) return;
    this.startSlice(performance.now());
    this.serve();
  };

  /** Answers one request, then the next one until the slice is over. In between, what the answer has put off is done. */
  private readonly serve = (): void => {
    const now = performance.now();
    if (now - this.sliceStart > SLICE) return;
    const next = this.nextOfLine() ?? this.next(now);
    if (!next) return;
    this.begin(next, now);
    process.nextTick(this.serve);
  };

  /** Answers a request, or refuses it if its turn has come too late. */
  private begin({ request, response, arrived, read }: Waiting, now: number): void {
    const since = this.size < HANDFUL ? read : arrived;
    if (now - since > this.patience(now)) this.options.refuse(request, response, arrived);
    else this.options.answer(request, response, arrived);
  }

  private nextOfLine(): Waiting | undefined {
    const next = this.following.shift();
    if (next) this.pipelined--;
    return next;
  }

  /** Removes the request whose turn it is. Clients that have gone wait for nothing. */
  private next(now: number): Waiting | undefined {
    for (;;) {
      const oldest = this.waiting[this.first];
      if (!oldest) {
        this.overloadedSince = Number.POSITIVE_INFINITY;
        return undefined;
      }
      const wait = now - oldest.arrived;
      const isOrderly = wait <= ORDERLY || this.waiting.length - this.first <= FEW;
      if (isOrderly) this.overloadedSince = Number.POSITIVE_INFINITY;
      else this.overloadedSince = Math.min(this.overloadedSince, now);
      // Refusals take turns with answers: there may be more of them than there is time for.
      this.isRefusing = wait > PATIENCE && !this.isRefusing;
      const isOldest = isOrderly || this.isRefusing || now - this.waiting.at(-1)!.arrived > this.patience(now);
      const next = isOldest ? this.removeOldest() : this.waiting.pop()!;
      if (next.isDone) continue;
      const { socket } = next.request;
      this.lines.delete(socket);
      if (!socket.destroyed) {
        this.following = next.behind ?? [];
        return next;
      }
      this.pipelined -= next.behind?.length ?? 0;
    }
  }

  /**
   * Wait after which a request is refused. If turns of the event loop are long, for want of a processor or because of other work, a
   * request has waited for such a turn before it can be read, however few there are: refusing it for that would refuse all.
   */
  private patience(now: number): number {
    if (now - this.overloadedSince <= PATIENCE) return PATIENCE;
    return Math.min(PATIENCE, ORDERLY + 2 * Math.max(this.delay, this.delayAt(now)));
  }

  /** How much later than planned the event loop looks for requests, if it does not before `time`. */
  private delayAt(time: number): number {
    return Math.max(0, time - this.lookedAt - BEAT);
  }

  private removeOldest(): Waiting {
    const oldest = this.waiting[this.first]!;
    this.waiting[this.first++] = undefined;
    // Removed places take up at most half.
    if (this.first > 64 && 2 * this.first > this.waiting.length) {
      this.waiting = this.waiting.slice(this.first);
      this.first = 0;
    }
    return oldest;
  }
}

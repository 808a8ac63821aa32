import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FuzzCase, mustAnswer } from './fuzz-case.js';
import { type HttpReply, MalformedReply, readReplies } from './http-reply.js';

/** How an exchange ended. */
export type Outcome =
  /** As many replies as requests, each complete. */
  | 'answered'
  /** A stream of events, which the client left. */
  | 'stream'
  /** The client ended it, as planned. */
  | 'left'
  /** The service closed the connection before a complete reply. */
  | 'closed'
  /** The service neither answered nor closed in time. */
  | 'hung'
  /** The reply is not HTTP. */
  | 'malformed'
  /** There is no connection. */
  | 'unreachable';

export interface Exchange {
  readonly outcome: Outcome;
  readonly replies: readonly HttpReply[];
  readonly milliseconds: number;
  readonly detail?: string;
}

/** Time within which the service must answer or close, even on a busy machine, in milliseconds. */
const PATIENCE = 90_000;
/** Time that the client waits for an answer to what is not a whole request, in milliseconds. */
const SHORT_PATIENCE = 120;
/** Time between two pieces, before an early end, and for which events are read, in milliseconds. */
const PAUSE = 20;
/** What follows on the same connection in a pipeline. */
const FOLLOWER = 'GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Delivers one request over a connection of its own. */
export async function exchange(port: number, fuzz: FuzzCase): Promise<Exchange> {
  const start = performance.now();
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const reader = new Reader(socket, fuzz);
  try {
    const patience = send(socket, fuzz, reader);
    const { outcome, detail } = await reader.outcome(await patience);
    return { outcome, replies: reader.replies, milliseconds: performance.now() - start, ...(detail ? { detail } : {}) };
  } finally {
    if (fuzz.reset) socket.resetAndDestroy();
    else socket.destroy();
  }
}

/** Sends what the delivery says. Resolves with the time to wait for the outcome; 0 means the client leaves at once. */
async function send(socket: Socket, fuzz: FuzzCase, reader: Reader): Promise<number> {
  const { bytes, delivery, at } = fuzz;
  const { head, body } = bytes;
  const all = Buffer.concat([head, body]);
  const patience = mustAnswer(fuzz) ? PATIENCE : SHORT_PATIENCE;
  switch (delivery) {
    case 'pieces': {
      const border = Math.floor(at * all.length);
      socket.write(all.subarray(0, border));
      await sleep(PAUSE);
      socket.write(all.subarray(border));
      return patience;
    }
    case 'pipelined':
      socket.write(all);
      socket.write(FOLLOWER);
      return patience;
    case 'slow-reader':
      socket.pause();
      socket.write(all);
      await sleep(3 * PAUSE);
      socket.resume();
      return patience;
    case 'send-first': {
      socket.pause();
      const sent = new Promise<boolean>((resolve) => socket.write(all, (error) => resolve(!error)));
      if (!(await Promise.race([sent, sleep(patience, false, { ref: false })]))) reader.notSent();
      socket.resume();
      return patience;
    }
    case 'half-close':
      socket.end(all);
      return PATIENCE;
    case 'cut-head':
      socket.write(head.subarray(0, Math.floor(at * head.length)));
      await sleep(PAUSE);
      return 0;
    case 'cut-body':
      socket.write(Buffer.concat([head, body.subarray(0, Math.floor(at * body.length))]));
      await sleep(PAUSE);
      return 0;
    case 'cut-wait':
      socket.write(all);
      await sleep(Math.floor(at * PAUSE));
      return 0;
    case 'cut-reply':
      socket.write(all);
      await Promise.race([reader.firstByte, sleep(patience, undefined, { ref: false })]);
      return 0;
    default:
      socket.write(all);
      return patience;
  }
}

/** Collects what comes back over a connection, and recognises its end. */
class Reader {
  replies: HttpReply[] = [];
  readonly firstByte: Promise<void>;
  private readonly methods: readonly string[];
  private readonly settled: Promise<{ outcome: Outcome; detail?: string }>;
  private readonly awaitsClose: boolean;
  private settle!: (end: { outcome: Outcome; detail?: string }) => void;
  private chunks: Buffer[] = [];

  constructor(socket: Socket, { request, delivery }: FuzzCase) {
    this.methods = delivery === 'pipelined' ? [request.method, 'GET'] : [request.method];
    this.awaitsClose = delivery === 'half-close';
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.firstByte = new Promise((resolve) => {
      socket.once('data', () => resolve());
      socket.once('close', () => resolve());
    });
    let connected = false;
    socket.on('connect', () => {
      connected = true;
    });
    socket.on('data', (chunk) => {
      this.chunks.push(chunk);
      this.read(false);
    });
    socket.on('end', () => this.read(true));
    socket.on('error', ({ message }) => {
      this.read(false);
      this.settle(connected ? { outcome: 'closed', detail: message } : { outcome: 'unreachable', detail: message });
    });
    socket.on('close', () => this.settle({ outcome: 'closed' }));
  }

  /** Resolves when the exchange has ended, or after `patience` milliseconds. */
  async outcome(patience: number): Promise<{ outcome: Outcome; detail?: string }> {
    if (patience === 0) {
      const ended = await Promise.race([this.settled, Promise.resolve()]);
      return ended && ended.outcome !== 'closed' ? ended : { outcome: 'left' };
    }
    const timeout = new AbortController();
    const late = sleep(patience, { outcome: 'hung' as const }, { signal: timeout.signal }).catch(() => ({
      outcome: 'hung' as const,
    }));
    const ended = await Promise.race([this.settled, late]);
    timeout.abort();
    return ended.outcome === 'hung' && patience === SHORT_PATIENCE ? { outcome: 'left' } : ended;
  }

  /** The service has neither read the whole request nor closed the connection. */
  notSent(): void {
    this.settle({ outcome: 'hung', detail: 'the service does not read the rest of the request' });
  }

  private read(ended: boolean): void {
    const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks = [bytes];
    try {
      this.replies = readReplies(bytes, this.methods, ended);
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      this.settle({ outcome: 'malformed', detail: error.message });
      return;
    }
    const last = this.replies.at(-1);
    const expected = last?.headers.get('connection') === 'close' ? this.replies.length : this.methods.length;
    if (!this.awaitsClose && last?.complete && this.replies.length >= expected) this.settle({ outcome: 'answered' });
    else if (last?.headers.get('content-type')?.startsWith('text/event-stream')) {
      setTimeout(() => this.settle({ outcome: 'stream' }), PAUSE).unref();
    }
    if (ended) this.settle({ outcome: last?.complete ? 'answered' : 'closed' });
  }
}

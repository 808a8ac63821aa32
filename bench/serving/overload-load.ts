// A process that puts a server under an open load on request of its parent: requests are due at a fixed rate, whatever the server
// answers. Like load-process.ts, it uses plain persistent sockets without an HTTP parser.
import { createConnection, type Socket } from 'node:net';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Messages to the process. It answers each once it is done. */
export type OverloadOrder =
  /** Replaces all connections. Each sends one of the bodies, in turns. */
  | {
      readonly type: 'connect';
      readonly port: number;
      readonly connections: number;
      readonly bodies: readonly string[];
    }
  /** Sends requests at this rate for some time. */
  | { readonly type: 'load'; readonly requestsPerSecond: number; readonly milliseconds: number };

/** Rates per second; percentiles in milliseconds, from the time at which a request was due to the last byte of its reply. */
export interface OverloadReport {
  readonly accepted: number;
  readonly refused: number;
  /** Requests that were not sent, because each connection waited for a reply. */
  readonly heldBack: number;
  /** Connections that the server closed, or over which came anything but a 200, or a 503 with `Retry-After`. */
  readonly failures: number;
  readonly p50: number;
  readonly p99: number;
  readonly refusedP99: number;
}

/** Milliseconds between two batches of requests that are due. */
const TICK = 1;
/** Connections opened at the same time. */
const OPENING = 100;
const OK = 0x32;
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');
const RETRY_AFTER = Buffer.from('\r\nretry-after: ');

let accepted: RecordableHistogram = createHistogram();
let refused: RecordableHistogram = createHistogram();
let failures = 0;
let free: Connection[] = [];
let all: Connection[] = [];

process.on('message', async (order: OverloadOrder) => {
  if (order.type === 'load') process.send?.(await load(order.requestsPerSecond, order.milliseconds));
  else {
    for (const connection of all) connection.close();
    await connect(order.port, order.connections, order.bodies);
    process.send?.('connected');
  }
});

async function connect(port: number, connections: number, bodies: readonly string[]): Promise<void> {
  const head = 'POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n';
  const requests = bodies.map((body) =>
    Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );
  all = [];
  free = [];
  while (all.length < connections) {
    const next = Array.from(
      { length: Math.min(OPENING, connections - all.length) },
      (_, i) => new Connection(port, requests[(all.length + i) % requests.length]!),
    );
    await Promise.all(next.map(({ opened }) => opened));
    all.push(...next);
  }
  free = [...all];
}

function load(requestsPerSecond: number, milliseconds: number): Promise<OverloadReport> {
  accepted = createHistogram();
  refused = createHistogram();
  failures = 0;
  let heldBack = 0;
  let sent = 0;
  const start = performance.now();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - start;
      for (const due = (elapsed / 1000) * requestsPerSecond; sent < due; sent++) {
        const connection = free.pop();
        if (connection) connection.send(start + (1000 * sent) / requestsPerSecond);
        else heldBack++;
      }
      if (elapsed < milliseconds) return;
      clearInterval(timer);
      const perSecond = (count: number) => (1000 * count) / elapsed;
      resolve({
        accepted: perSecond(accepted.count),
        refused: perSecond(refused.count),
        heldBack: perSecond(heldBack),
        failures,
        p50: accepted.percentile(50) / 1e6,
        p99: accepted.percentile(99) / 1e6,
        refusedP99: refused.percentile(99) / 1e6,
      });
    }, TICK);
  });
}

/** A connection that waits for one reply at a time. */
class Connection {
  readonly opened: Promise<unknown>;
  private readonly socket: Socket;
  private readonly request: Buffer;
  private readonly chunk = Buffer.alloc(2 ** 12);
  private due = 0;
  private isClosed = false;

  constructor(port: number, request: Buffer) {
    this.request = request;
    const onread = { buffer: this.chunk, callback: (size: number) => this.receive(size) };
    this.socket = createConnection({ host: '127.0.0.1', port, noDelay: true, onread });
    this.opened = new Promise((resolve) => this.socket.once('connect', resolve).once('close', resolve));
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.fail());
  }

  send(due: number): void {
    this.due = due;
    this.socket.write(this.request);
  }

  close(): void {
    this.isClosed = true;
    this.socket.destroy();
  }

  /** The reply is so short that it comes in one piece. */
  private receive(size: number): boolean {
    const reply = this.chunk.subarray(0, size);
    const headEnd = reply.indexOf(HEAD_END);
    const lengthAt = reply.indexOf(LENGTH) + LENGTH.length;
    const length = Number.parseInt(reply.toString('latin1', lengthAt, lengthAt + 8), 10);
    const isOk = reply[9] === OK;
    if (headEnd + HEAD_END.length + length !== size || (!isOk && !isRefusal(reply))) {
      this.socket.destroy();
      return false;
    }
    (isOk ? accepted : refused).record(Math.max(1, Math.round((performance.now() - this.due) * 1e6)));
    free.push(this);
    return true;
  }

  private fail(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    failures++;
    free = free.filter((connection) => connection !== this);
  }
}

function isRefusal(reply: Buffer): boolean {
  return reply.toString('latin1', 9, 12) === '503' && reply.includes(RETRY_AFTER);
}

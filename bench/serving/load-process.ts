// A process that puts a server under load on request of its parent. It uses plain sockets without an HTTP parser: a parser as
// costly as that of the server would make the load process the bottleneck.
import { createConnection, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';

/**
 * Repeatedly sends `bodies[i]`, one character per byte, over connection `i`, one request at a time. The default is
 * `POST /predict` with JSON; `head` sets another path and headers.
 */
export interface Load {
  readonly port: number;
  readonly bodies: readonly string[];
  readonly milliseconds: number;
  readonly head?: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
}

/** Latencies in µs. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
}

process.on('message', async (load: Load) => {
  process.send?.(await run(load));
});

const PREDICT = { path: '/predict', headers: { 'content-type': 'application/json' } };

async function run({ port, bodies, milliseconds, head = PREDICT }: Load): Promise<LoadResult> {
  const headers = Object.entries(head.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const opening = `POST ${head.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers.join('')}`;
  const connections = bodies.map((body) => new Connection(port, opening, body));
  // A server under load accepts one connection per turn of its event loop, so the last connections would wait long. The
  // measurement starts when every connection has received a reply.
  await Promise.all(connections.map((connection) => connection.answered));
  const latencies = createHistogram();
  const start = performance.now();
  const end = start + milliseconds;
  const record = (ms: number) => latencies.record(Math.round(ms * 1e6));
  await Promise.all(connections.map((connection) => connection.keepSending(end, record)));
  return {
    requestsPerSecond: (latencies.count / (performance.now() - start)) * 1000,
    requests: latencies.count,
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
  };
}

/** A connection that repeats one request. Fails if the status is not 200 or the reply is longer than its declared length. */
class Connection {
  /** Resolves at the first reply. */
  readonly answered: Promise<void>;
  private readonly socket: Socket;
  private readonly request: Buffer;
  private readonly chunk = Buffer.alloc(2 ** 16);
  private length = 0;
  private received = 0;
  private text = '';
  private sent = 0;
  private answer: (ms: number) => void = () => {};
  private fail: (error: Error) => void = () => {};

  constructor(port: number, opening: string, body: string) {
    this.request = Buffer.from(`${opening}content-length: ${body.length}\r\n\r\n${body}`, 'latin1');
    this.answered = new Promise((resolve, reject) => {
      this.answer = () => resolve();
      this.fail = reject;
    });
    const onread = { buffer: this.chunk, callback: (size: number) => this.receive(size) };
    this.socket = createConnection({ host: '127.0.0.1', port, noDelay: true, onread }, () => this.send());
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('the server has closed a connection')));
  }

  /** Repeats the request until `end`, and records the latency of each reply in milliseconds. */
  keepSending(end: number, record: (ms: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      this.answer = (ms) => {
        record(ms);
        if (performance.now() < end) {
          this.send();
          return;
        }
        // Destroys rather than ends the socket: TorchServe answers an end with a reset.
        this.socket.destroy();
        resolve();
      };
      this.send();
    });
  }

  private send(): void {
    this.length = 0;
    this.received = 0;
    this.text = '';
    this.sent = performance.now();
    this.socket.write(this.request);
  }

  private receive(size: number): boolean {
    const { chunk } = this;
    if (this.received === 0 && !isOk(chunk)) {
      return this.giveUp(`the status is not 200: ${chunk.toString('latin1', 0, size)}`);
    }
    this.received += size;
    if (this.length === 0) {
      this.text += chunk.toString('latin1', 0, size);
      this.length = lengthOf(this.text);
    }
    if (this.length === 0 || this.received < this.length) return true;
    if (this.received > this.length) {
      return this.giveUp(`a reply of ${this.length} bytes has ${this.received}`);
    }
    this.answer(performance.now() - this.sent);
    return true;
  }

  private giveUp(reason: string): boolean {
    this.fail(new Error(reason));
    this.socket.destroy();
    return false;
  }
}

/** Returns whether the status is 200. */
function isOk(chunk: Uint8Array): boolean {
  return chunk[9] === 0x32 && chunk[10] === 0x30 && chunk[11] === 0x30;
}

/** Returns the length of the reply that starts with `text`, head and body, in bytes; 0 while unknown. */
function lengthOf(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const declared = /\r\ncontent-length: (\d+)/i.exec(text);
  if (declared) return headEnd + 4 + Number(declared[1]);
  // Without a content-length, the body is chunked.
  const lastChunk = text.indexOf('\r\n0\r\n\r\n', headEnd);
  return lastChunk < 0 ? 0 : lastChunk + 7;
}

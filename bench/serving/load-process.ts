// A process that loads a server when bench/serving/serving.ts says so. Plain sockets and no parser: with one as costly as the
// server's, the load and not the server would be measured.
import { createConnection, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';

/**
 * Sends `bodies[i]`, its bytes as characters, again and again over connection `i`, one request at a time, to
 * `POST /predict` as JSON, or as `head` has it: path and headers.
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
  // A server under load accepts one connection in each turn of its loop: the last ones would not be answered for long. So
  // all have had an answer before the first one counts.
  await Promise.all(connections.map((connection) => connection.answered));
  const latencies = createHistogram();
  const start = performance.now();
  const end = start + milliseconds;
  const record = (ms: number) => latencies.record(Math.round(ms * 1e6));
  await Promise.all(connections.map((connection) => connection.keepAsking(end, record)));
  return {
    requestsPerSecond: (latencies.count / (performance.now() - start)) * 1000,
    requests: latencies.count,
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
  };
}

/** A connection that sends one request again and again. Rejects at an answer that is not a 200, or longer than it says. */
class Connection {
  /** Resolves at the first answer. */
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

  /** Asks until `end`, and tells `record` how many milliseconds each answer took. */
  keepAsking(end: number, record: (ms: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      this.answer = (ms) => {
        record(ms);
        if (performance.now() < end) {
          this.send();
          return;
        }
        // Not just an end: TorchServe would answer it with a reset.
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
      return this.giveUp(`an answer is not a 200: ${chunk.toString('latin1', 0, size)}`);
    }
    this.received += size;
    if (this.length === 0) {
      this.text += chunk.toString('latin1', 0, size);
      this.length = lengthOf(this.text);
    }
    if (this.length === 0 || this.received < this.length) return true;
    if (this.received > this.length) {
      return this.giveUp(`an answer of ${this.length} bytes has ${this.received}`);
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

/** Whether bytes begin with `HTTP/1.1 200`. */
function isOk(chunk: Uint8Array): boolean {
  return chunk[9] === 0x32 && chunk[10] === 0x30 && chunk[11] === 0x30;
}

/** Bytes of an answer, head and body, of which `text` is the beginning; 0 if it does not tell yet. */
function lengthOf(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const told = /\r\ncontent-length: (\d+)/i.exec(text);
  if (told) return headEnd + 4 + Number(told[1]);
  // Then it comes in chunks.
  const lastChunk = text.indexOf('\r\n0\r\n\r\n', headEnd);
  return lastChunk < 0 ? 0 : lastChunk + 7;
}

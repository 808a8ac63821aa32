// A process that loads a server when bench/serving.ts says so. Plain sockets and no parser: with one as costly as the
// server's, the load and not the server would be measured.
import { createConnection } from 'node:net';
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
  const latencies = createHistogram();
  const start = performance.now();
  const end = start + milliseconds;
  const headers = Object.entries(head.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const opening = `POST ${head.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers.join('')}`;
  const record = (ms: number) => latencies.record(Math.round(ms * 1e6));
  await Promise.all(bodies.map((body) => keepAsking(port, opening, body, end, record)));
  return {
    requestsPerSecond: (latencies.count / (performance.now() - start)) * 1000,
    requests: latencies.count,
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
  };
}

/** Resolves at `end`. The first answer tells how long each of this body is; rejects at one that is none. */
function keepAsking(
  port: number,
  opening: string,
  body: string,
  end: number,
  answered: (ms: number) => void,
): Promise<void> {
  const request = Buffer.from(`${opening}content-length: ${body.length}\r\n\r\n${body}`, 'latin1');
  return new Promise((resolve, reject) => {
    let length = 0;
    let received = 0;
    let text = '';
    let sent = 0;
    const send = () => {
      received = 0;
      sent = performance.now();
      socket.write(request);
    };
    const receive = (size: number, chunk: Uint8Array) => {
      if (received === 0 && !isOk(chunk)) {
        reject(new Error(`an answer is not a 200: ${Buffer.from(chunk.subarray(0, size)).toString('latin1')}`));
        socket.destroy();
        return false;
      }
      received += size;
      if (length === 0) {
        text += Buffer.from(chunk.subarray(0, size)).toString('latin1');
        length = lengthOf(text);
      }
      if (length === 0 || received < length) return true;
      if (received > length) {
        reject(new Error(`an answer has ${received} bytes, the first had ${length}`));
        socket.destroy();
        return false;
      }
      const now = performance.now();
      answered(now - sent);
      if (now < end) send();
      else socket.end();
      return true;
    };
    const socket = createConnection(
      { host: '127.0.0.1', port, noDelay: true, onread: { buffer: new Uint8Array(2 ** 16), callback: receive } },
      send,
    );
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

/** Whether bytes begin with `HTTP/1.1 200`. */
function isOk(chunk: Uint8Array): boolean {
  return chunk[9] === 0x32 && chunk[10] === 0x30 && chunk[11] === 0x30;
}

/** Bytes of an answer, head and body, of which `text` is the beginning; 0 if it does not tell yet. */
function lengthOf(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  if (!/^transfer-encoding: chunked/im.test(text)) {
    return headEnd + 4 + Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
  }
  const lastChunk = text.indexOf('\r\n0\r\n\r\n', headEnd);
  return lastChunk < 0 ? 0 : lastChunk + 7;
}

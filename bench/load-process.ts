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

/** Resolves at `end`. Rejects at an answer that is not a 200, or longer than it says. */
function keepAsking(
  port: number,
  opening: string,
  body: string,
  end: number,
  answered: (ms: number) => void,
): Promise<void> {
  const request = Buffer.from(`${opening}content-length: ${body.length}\r\n\r\n${body}`, 'latin1');
  const chunk = Buffer.alloc(2 ** 16);
  return new Promise((resolve, reject) => {
    let length = 0;
    let received = 0;
    let text = '';
    let sent = 0;
    const send = () => {
      length = 0;
      received = 0;
      text = '';
      sent = performance.now();
      socket.write(request);
    };
    const receive = (size: number) => {
      if (received === 0 && !isOk(chunk)) {
        reject(new Error(`an answer is not a 200: ${chunk.toString('latin1', 0, size)}`));
        socket.destroy();
        return false;
      }
      received += size;
      if (length === 0) {
        text += chunk.toString('latin1', 0, size);
        length = lengthOf(text);
      }
      if (length === 0 || received < length) return true;
      if (received > length) {
        reject(new Error(`an answer of ${length} bytes has ${received}`));
        socket.destroy();
        return false;
      }
      const now = performance.now();
      answered(now - sent);
      if (now < end) send();
      // Not just an end: TorchServe would answer it with a reset.
      else socket.destroy();
      return true;
    };
    const socket = createConnection(
      { host: '127.0.0.1', port, noDelay: true, onread: { buffer: chunk, callback: receive } },
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
  const told = /\r\ncontent-length: (\d+)/i.exec(text);
  if (told) return headEnd + 4 + Number(told[1]);
  // Then it comes in chunks.
  const lastChunk = text.indexOf('\r\n0\r\n\r\n', headEnd);
  return lastChunk < 0 ? 0 : lastChunk + 7;
}

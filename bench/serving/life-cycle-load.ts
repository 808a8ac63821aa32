// A process that keeps asking servers for predictions while bench/serving/life-cycle.ts trains, activates and restarts them. Plain
// sockets, kept open, as in load-process.ts; but a request is sent every so often, whatever the answers take in between,
// and every answer is kept.
import { createConnection, type Socket } from 'node:net';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What the process is told; it answers all but `start` with a message. */
export type LoadOrder =
  | ({ readonly type: 'start'; readonly ports: readonly number[]; readonly bodies: readonly string[] } & Pace)
  /** From now on only these servers; answered when no connection to another is left. */
  | { readonly type: 'move'; readonly ports: readonly number[] }
  /** Answered with what happened since the last time; the latencies of the quiet times are gathered, too. */
  | { readonly type: 'take'; readonly quiet: boolean }
  /** Answered with everything that was ever answered. */
  | { readonly type: 'stop' };

export interface Pace {
  readonly connections: number;
  /** Milliseconds from a request to the next, per connection. */
  readonly interval: number;
}

/** Latencies in milliseconds, from the sending to the last byte. */
export interface LoadPart {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: readonly string[];
  /** Of all quiet times so far, as one. */
  readonly quiet: { readonly requests: number; readonly p50: number; readonly p99: number };
}

/** Distinct answers: to which body, by which version, and how often. */
export interface LoadAnswer {
  readonly body: number;
  readonly version: string;
  readonly prediction: number;
  readonly count: number;
}

/** Failures that are told; all are counted. */
const MAX_TOLD = 5;

let ports: readonly number[] = [];
let requests: readonly Buffer[] = [];
let latencies = createHistogram();
const quietLatencies = createHistogram();
let since = 0;
let failed = 0;
let failures: string[] = [];
let stopped = false;
const open = new Set<{ port: number }>();
const seen = new Map<string, number>();
let moved: (() => void) | undefined;

process.on('message', (order: LoadOrder) => {
  if (order.type === 'start') start(order);
  else if (order.type === 'take') process.send?.(take(order.quiet));
  else if (order.type === 'move') {
    ({ ports } = order);
    moved = () => process.send?.('moved');
    tellMoved();
  } else {
    stopped = true;
    process.send?.(answers(), () => process.disconnect());
  }
});

function start({ ports: given, bodies, connections, interval }: Extract<LoadOrder, { type: 'start' }>): void {
  ports = given;
  requests = bodies.map((body) =>
    Buffer.from(
      'POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n' +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  since = performance.now();
  for (let i = 0; i < connections; i++) setTimeout(() => void keepAsking(i, interval), (i / connections) * interval);
}

/** Asks over one connection, over another when its server is not wanted any more or the connection fails. */
async function keepAsking(number: number, interval: number): Promise<void> {
  for (let n = number; !stopped; n++) {
    const place = { port: ports[n % ports.length]! };
    open.add(place);
    try {
      await askOverOne(place.port, n, interval);
    } catch (error) {
      failed++;
      if (failures.length < MAX_TOLD) failures.push((error as Error).message);
    }
    open.delete(place);
    tellMoved();
  }
}

/** Resolves when the server is not wanted any more; rejects if it does not answer with a 200. */
function askOverOne(port: number, first: number, interval: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port, noDelay: true });
    let body = first;
    let sent = 0;
    let due = 0;
    let text = '';
    const send = () => {
      if (stopped || !ports.includes(port)) {
        resolve();
        socket.end();
        return;
      }
      body = (body + 1) % requests.length;
      text = '';
      sent = performance.now();
      due = Math.max(due + interval, sent);
      socket.write(requests[body]!);
    };
    const fail = (reason: string) => {
      reject(new Error(`${port}: ${reason}`));
      socket.destroy();
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', ({ message }) => fail(message));
    socket.on('close', () => fail('the connection was closed'));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const answer = bodyOf(text, fail, socket);
      if (answer === undefined) return;
      latencies.record(Math.max(1, Math.round((performance.now() - sent) * 1e6)));
      const { predictions, model_version } = JSON.parse(answer) as { predictions: number[][]; model_version: string };
      const key = JSON.stringify([body, model_version, predictions[0]![0]]);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      setTimeout(send, due - performance.now());
    });
  });
}

/** The body of an answer that is there as a whole. */
function bodyOf(text: string, fail: (reason: string) => void, socket: Socket): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || socket.destroyed) return undefined;
  if (!text.startsWith('HTTP/1.1 200')) {
    fail(text.slice(0, 300));
    return undefined;
  }
  const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, end))?.[1]);
  return text.length >= end + 4 + length ? text.slice(end + 4) : undefined;
}

function tellMoved(): void {
  if (!moved || Array.from(open).some(({ port }) => !ports.includes(port))) return;
  moved();
  moved = undefined;
}

function take(quiet: boolean): LoadPart {
  if (quiet) quietLatencies.add(latencies);
  const part = {
    requests: latencies.count,
    requestsPerSecond: (latencies.count / (performance.now() - since)) * 1000,
    p50: milliseconds(latencies, 50),
    p99: milliseconds(latencies, 99),
    failures: failed > failures.length ? [...failures, `and ${failed - failures.length} more`] : failures,
    quiet: {
      requests: quietLatencies.count,
      p50: milliseconds(quietLatencies, 50),
      p99: milliseconds(quietLatencies, 99),
    },
  };
  latencies = createHistogram();
  since = performance.now();
  failed = 0;
  failures = [];
  return part;
}

function milliseconds(histogram: RecordableHistogram, percentile: number): number {
  return histogram.percentile(percentile) / 1e6;
}

function answers(): LoadAnswer[] {
  return Array.from(seen, ([key, count]) => {
    const [body, version, prediction] = JSON.parse(key) as [number, string, number];
    return { body, version, prediction, count };
  });
}

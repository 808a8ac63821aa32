// A process that requests predictions from servers while bench/serving/life-cycle.ts trains, activates and restarts them. Like
// load-process.ts, it uses plain persistent sockets; but it sends requests at a fixed interval, whatever the latency, and
// counts every distinct reply.
import { createConnection, type Socket } from 'node:net';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Messages to the process. It replies to all but `start`. */
export type LoadOrder =
  | ({ readonly type: 'start'; readonly ports: readonly number[]; readonly bodies: readonly string[] } & Pace)
  /** Use only these servers from now on. The reply follows when all connections to other servers are closed. */
  | { readonly type: 'move'; readonly ports: readonly number[] }
  /** Report the requests since the previous report. Latencies of quiet periods are also added up. */
  | { readonly type: 'report'; readonly quiet: boolean }
  /** Stop, and report all distinct replies. */
  | { readonly type: 'stop' };

export interface Pace {
  readonly connections: number;
  /** Interval between requests on a connection, in milliseconds. */
  readonly interval: number;
}

/** Latencies in milliseconds, from sending the request to the last byte of the reply. */
export interface LoadReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: readonly string[];
  /** All quiet periods so far, combined. */
  readonly quiet: { readonly requests: number; readonly p50: number; readonly p99: number };
}

/** A distinct reply: the request body, the version that answered, and the number of times. */
export interface LoadAnswer {
  readonly body: number;
  readonly version: string;
  readonly prediction: number;
  readonly count: number;
}

/** Maximum number of failures reported in full. All failures are counted. */
const MAX_REPORTED = 5;

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
  else if (order.type === 'report') process.send?.(report(order.quiet));
  else if (order.type === 'move') {
    ({ ports } = order);
    moved = () => process.send?.('moved');
    reportIfMoved();
  } else {
    stopped = true;
    process.send?.(answers(), () => process.disconnect());
  }
});

function start({ ports: targets, bodies, connections, interval }: Extract<LoadOrder, { type: 'start' }>): void {
  ports = targets;
  requests = bodies.map((body) =>
    Buffer.from(
      'POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n' +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  since = performance.now();
  for (let i = 0; i < connections; i++) setTimeout(() => void keepSending(i, interval), (i / connections) * interval);
}

/** Sends requests over one connection at a time, and opens a new one when its server is removed or the connection fails. */
async function keepSending(number: number, interval: number): Promise<void> {
  for (let n = number; !stopped; n++) {
    const place = { port: ports[n % ports.length]! };
    open.add(place);
    try {
      await sendOverOne(place.port, n, interval);
    } catch (error) {
      failed++;
      if (failures.length < MAX_REPORTED) failures.push((error as Error).message);
    }
    open.delete(place);
    reportIfMoved();
  }
}

/** Resolves when the server is no longer in use; rejects if its status is not 200. */
function sendOverOne(port: number, first: number, interval: number): Promise<void> {
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

/** Returns the body of a reply once it is complete. */
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

function reportIfMoved(): void {
  if (!moved || Array.from(open).some(({ port }) => !ports.includes(port))) return;
  moved();
  moved = undefined;
}

function report(quiet: boolean): LoadReport {
  if (quiet) quietLatencies.add(latencies);
  const result = {
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
  return result;
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

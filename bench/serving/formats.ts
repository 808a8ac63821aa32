// Prints the rows per second, the memory and the longest turn of the event loop, during which other requests wait, by format
// and size of a request: `node dist/bench/serving/formats.js`. Exits with 1 if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import type { LoopReport } from './event-loop-probe.js';
import { FEATURES, ROWS } from './serving-rows.js';
import { type Side, startService } from './serving-sides.js';

/** Rows per request. A turn sends as many requests as make a similar amount of work for each size. */
const SIZES = [1, 10, 100, 1000, 10_000, 100_000];
const ROWS_PER_TURN = 100_000;
const MAX_REQUESTS = 500;
const quick = process.argv.includes('--quick');
const TURNS = quick ? 3 : 7;
/** Maximum time that a request may block the event loop, in milliseconds. */
const MAX_BLOCKED = quick ? 60 : 25;
const TRAINED_ROWS = 50_000;
/** Close to the limit of 16 MiB, because JSON.parse reads the whole body. */
const TRAINED_JSON_ROWS = quick ? 50_000 : 300_000;
/** Number of rows that the feedback store retains. */
const LABELLED_ROWS = quick ? 20_000 : 100_000;

interface Request {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly encoding?: string;
}

const ARROW = 'application/vnd.apache.arrow.stream';
const named = ROWS.map((row) => Object.fromEntries(FEATURES.map((name, j) => [name, row[j]])));

const predictions = SIZES.flatMap((count): Request[] => [
  { name: 'JSON arrays', path: '/predict', rows: count, body: JSON.stringify({ instances: repeated(ROWS, count) }) },
  { name: 'JSON objects', path: '/predict', rows: count, body: JSON.stringify({ instances: repeated(named, count) }) },
  { name: 'CSV', path: '/predict', rows: count, type: 'text/csv', body: csv(repeated(ROWS, count)) },
  { name: 'Arrow', path: '/predict', rows: count, type: ARROW, body: arrow(repeated(ROWS, count)) },
  {
    name: 'JSON arrays, gzip both ways',
    path: '/predict',
    rows: count,
    encoding: 'gzip',
    body: new Uint8Array(gzipSync(JSON.stringify({ instances: repeated(ROWS, count) }))),
  },
]);
const others: Request[] = [
  {
    name: 'POST /predict?explain=true, JSON arrays',
    path: '/predict?explain=true',
    rows: 10_000,
    body: JSON.stringify({ instances: repeated(ROWS, 10_000) }),
  },
  {
    name: 'POST /train, JSON arrays',
    path: '/train?epochs=1&wait=true',
    rows: TRAINED_JSON_ROWS,
    body: JSON.stringify({
      instances: repeated(ROWS, TRAINED_JSON_ROWS),
      targets: repeated(ROWS, TRAINED_JSON_ROWS).map(([first]) => first),
    }),
  },
  {
    name: 'POST /train, CSV',
    path: '/train?epochs=1&wait=true&target=mpg',
    rows: TRAINED_ROWS,
    type: 'text/csv',
    body: [FEATURES.concat('mpg'), ...repeated(ROWS, TRAINED_ROWS).map((row) => row.concat(row[0]!))].join('\n'),
  },
  ...[
    {
      name: 'arrays',
      instances: repeated(ROWS, LABELLED_ROWS),
      targets: repeated(ROWS, LABELLED_ROWS).map(([y]) => y),
    },
    { name: 'objects', instances: repeated(named, LABELLED_ROWS).map((row) => ({ ...row, mpg: 20 })), target: 'mpg' },
  ].map(({ name, ...body }) => ({
    name: `POST /feedback, JSON ${name}`,
    path: '/feedback',
    rows: LABELLED_ROWS,
    body: JSON.stringify(body),
  })),
  { name: 'GET /metrics', path: '/metrics', rows: 0 },
  { name: 'GET /drift', path: '/drift', rows: 0 },
  { name: 'GET /model', path: '/model', rows: 0 },
];
const verdicts = new Verdicts();
const directory = mkdtempSync(join(tmpdir(), 'rr-formats-'));
try {
  console.log('# Formats\n');
  printMachine();
  await printThroughput();
  await printBlocking();
  verdicts.print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Measures the formats in alternation. */
async function printThroughput(): Promise<void> {
  const service = await startService(join(directory, 'throughput'));
  try {
    console.log(
      `One connection, one request at a time; ${TURNS} turns per format. Medians, with minimum and maximum in brackets.\n`,
    );
    console.log('| rows per request | format | bytes | rows/s | ms per request |\n|---:|---|---:|---:|---:|');
    for (const count of SIZES) {
      console.error(`throughput: ${count} rows per request`);
      const sides = predictions.filter(({ rows: size }) => size === count);
      const requests = Math.max(3, Math.min(MAX_REQUESTS, Math.floor(ROWS_PER_TURN / count)));
      const times = sides.map((): number[] => []);
      for (let turn = -1; turn < TURNS; turn++) {
        for (const [i, request] of sides.entries()) {
          const start = performance.now();
          for (let n = 0; n < requests; n++) await send(service, request);
          if (turn >= 0) times[i]!.push((performance.now() - start) / requests);
        }
      }
      sides.forEach(({ name, body }, i) => {
        const rate = spread(
          times[i]!.map((ms) => (1000 * count) / ms),
          0,
        );
        console.log(`| ${count} | ${name} | ${body!.length} | ${rate} | ${median(times[i]!).toFixed(2)} |`);
      });
    }
  } finally {
    await stop(service);
  }
}

async function printBlocking(): Promise<void> {
  const service = await startService(join(directory, 'blocking'), 'event-loop-probe');
  try {
    // Warms up: compiles the code of every path and brings the heap to its working size.
    for (const request of [...predictions, ...others]) await send(service, request);
    await probe(service);
    console.log(
      `\nThe longest turn of the event loop during a request, over ${TURNS} requests of each kind: in wall time and in`,
    );
    console.log('CPU time of the thread, which other work on the machine does not affect. Memory is');
    console.log('the peak resident memory of the server above its value before these requests.\n');
    console.log('| request | rows | longest turn, ms | CPU time in it, ms | memory, MiB |\n|---|---:|---:|---:|---:|');
    const idle = (await probe(service)).peak;
    for (const request of [...predictions.filter(({ rows: size }) => size >= 1000), ...others]) {
      console.error(`event loop: ${request.name}, ${request.rows} rows`);
      const reports: LoopReport[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        await probe(service);
        await send(service, request);
        reports.push(await probe(service));
      }
      const of = (figure: keyof LoopReport, digits: number) =>
        spread(
          reports.map((report) => report[figure]),
          digits,
        );
      const memory = Math.max(0, Math.max(...reports.map(({ peak }) => peak)) - idle).toFixed(0);
      console.log(`| ${request.name} | ${request.rows} | ${of('longest', 1)} | ${of('processor', 1)} | ${memory} |`);
      const longest = Math.min(
        ...(['longest', 'processor'] as const).map((figure) => median(reports.map((report) => report[figure]))),
      );
      verdicts.judge(
        `${request.name}, ${request.rows} rows: the event loop is blocked for ${longest.toFixed(1)} ms, at most ${MAX_BLOCKED}`,
        longest <= MAX_BLOCKED,
      );
    }
    console.log();
  } finally {
    await stop(service);
  }
}

async function send(
  { port }: Side,
  { path, type = 'application/json', body, encoding = 'identity' }: Request,
): Promise<void> {
  const headers = { 'content-type': type, 'content-encoding': encoding, 'accept-encoding': encoding };
  const init = body === undefined ? {} : { method: 'POST', headers, body };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const reply = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${path}: ${reply}`);
}

function csv(list: readonly (readonly number[])[]): string {
  return [FEATURES, ...list].join('\n');
}

/** Encodes rows as pandas does: a float64 column per feature, in one record batch. */
function arrow(list: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const columns = FEATURES.map((name, j) => [name, Float64Array.from(list, (row) => row[j]!)]);
  return new Uint8Array(tableToIPC(tableFromArrays(Object.fromEntries(columns)), 'stream'));
}

/** Returns the event loop report since the previous call. */
async function probe({ process: child }: Side): Promise<LoopReport> {
  const report = once(child, 'message') as Promise<[LoopReport]>;
  child.send('report');
  return (await report)[0];
}

async function stop({ process: child }: Side): Promise<void> {
  child.kill();
  await once(child, 'close');
}

/** Repeats a list up to `count` items. */
function repeated<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => list[i % list.length]!);
}

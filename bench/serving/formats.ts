// Prints rows per second by format and size of a request, what a request needs of memory, and for how long the longest
// turn of the event loop kept everybody else waiting: `node dist/bench/serving/formats.js`. Exits with 1 if a target is missed.
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

/** Rows per request, and requests of each kind in a turn: about as much work in each. */
const SIZES = [1, 10, 100, 1000, 10_000, 100_000];
const ROWS_OF_A_TURN = 100_000;
const MAX_REQUESTS = 500;
const quick = process.argv.includes('--quick');
const TURNS = quick ? 3 : 7;
/** Milliseconds that no request may keep the event loop. */
const MAX_BLOCKED = quick ? 60 : 25;
const TRAINED_ROWS = 50_000;
/** Near the limit of 16 MiB: JSON.parse takes it whole. */
const TRAINED_ROWS_OF_JSON = quick ? 50_000 : 300_000;
/** As many as are kept. */
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
    rows: TRAINED_ROWS_OF_JSON,
    body: JSON.stringify({
      instances: repeated(ROWS, TRAINED_ROWS_OF_JSON),
      targets: repeated(ROWS, TRAINED_ROWS_OF_JSON).map(([first]) => first),
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

/** The formats take turns. */
async function printThroughput(): Promise<void> {
  const service = await startService(join(directory, 'throughput'));
  try {
    console.log(`One connection, one request at a time; ${TURNS} turns of each format, medians, least and greatest.\n`);
    console.log('| rows per request | format | bytes | rows/s | ms per request |\n|---:|---|---:|---:|---:|');
    for (const count of SIZES) {
      console.error(`throughput: ${count} rows per request`);
      const sides = predictions.filter(({ rows: size }) => size === count);
      const requests = Math.max(3, Math.min(MAX_REQUESTS, Math.floor(ROWS_OF_A_TURN / count)));
      const times = sides.map((): number[] => []);
      for (let turn = -1; turn < TURNS; turn++) {
        for (const [i, request] of sides.entries()) {
          const start = performance.now();
          for (let n = 0; n < requests; n++) await ask(service, request);
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
  const service = await startService(join(directory, 'blocking'), 'loop-watch');
  try {
    // The code of every path is compiled, and the heap is what it is in service.
    for (const request of [...predictions, ...others]) await ask(service, request);
    await look(service);
    console.log(
      `\nThe longest turn of the event loop while a request is answered, ${TURNS} requests of each kind: by the`,
    );
    console.log(
      'clock, and in processor time of the thread, which other work on the machine does not lengthen. Memory is',
    );
    console.log('the peak of the resident set of the server above what it held before these requests.\n');
    console.log(
      '| request | rows | longest turn, ms | processor time in it, ms | memory, MiB |\n|---|---:|---:|---:|---:|',
    );
    const idle = (await look(service)).peak;
    for (const request of [...predictions.filter(({ rows: size }) => size >= 1000), ...others]) {
      console.error(`event loop: ${request.name}, ${request.rows} rows`);
      const reports: LoopReport[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        await look(service);
        await ask(service, request);
        reports.push(await look(service));
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
        `${request.name}, ${request.rows} rows: the event loop waits ${longest.toFixed(1)} ms, at most ${MAX_BLOCKED}`,
        longest <= MAX_BLOCKED,
      );
    }
    console.log();
  } finally {
    await stop(service);
  }
}

async function ask(
  { port }: Side,
  { path, type = 'application/json', body, encoding = 'identity' }: Request,
): Promise<void> {
  const headers = { 'content-type': type, 'content-encoding': encoding, 'accept-encoding': encoding };
  const given = body === undefined ? {} : { method: 'POST', headers, body };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, given);
  const reply = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${path}: ${reply}`);
}

function csv(list: readonly (readonly number[])[]): string {
  return [FEATURES, ...list].join('\n');
}

/** As pandas would send them: a column of float64 per feature, in one record batch. */
function arrow(list: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const columns = FEATURES.map((name, j) => [name, Float64Array.from(list, (row) => row[j]!)]);
  return new Uint8Array(tableToIPC(tableFromArrays(Object.fromEntries(columns)), 'stream'));
}

/** What the event loop did since the last look. */
async function look({ process: child }: Side): Promise<LoopReport> {
  const answered = once(child, 'message') as Promise<[LoopReport]>;
  child.send('look');
  return (await answered)[0];
}

async function stop({ process: child }: Side): Promise<void> {
  child.kill();
  await once(child, 'close');
}

/** The first `count` of a list that begins anew at its end. */
function repeated<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => list[i % list.length]!);
}

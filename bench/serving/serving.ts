// Prints, as Markdown, the whole service against bare Fastify with the same schemas and a constant answer, which is the
// most that a service in this framework can reach: `node dist/bench/serving/serving.js`. Exits with 1 if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureWatching } from '../drift/monitor-cost.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { LoadResult } from './load-process.js';
import { printParts } from './request-parts.js';
import { bodyOf } from './serving-rows.js';
import { answerOf, cpuSeconds, type Side, startBare, startService } from './serving-sides.js';

/** Milliseconds of a turn, and how many turns each side has; a longer one before them, for the compiler, is not counted. */
const TURN = 300;
const quick = process.argv.includes('--quick');
const TURNS = quick ? 7 : 25;
const WARM_UP = quick ? 1000 : 3000;

/** Against the bare side: least share of its throughput, greatest factor of its 99th percentile, most µs more at the median. */
const MIN_THROUGHPUT = 0.9;
const MOST_P99 = 1.25;
const MAX_MEDIAN = quick ? 50 : 10;
/** Most of a request's processor time, in per cent, that watching its one row for drift may take. */
const MAX_OBSERVATION = 10;

interface Scenario {
  readonly rows: number;
  readonly connections: number;
  /** Least share of the throughput in a quick run, of which a regression falls short on a busy machine, too. */
  readonly quick: number;
}

/** One turn; `cpu` is what the server's process took for one request, in µs; NaN where the system does not tell. */
interface Turn extends LoadResult {
  readonly cpu: number;
}

const SCENARIOS: readonly Scenario[] = [
  { rows: 1, connections: 64, quick: 0.7 },
  { rows: 1, connections: 1, quick: 0.7 },
  { rows: 10, connections: 64, quick: 0.5 },
  { rows: 100, connections: 64, quick: 0.3 },
];

/** Requests whose parts are measured, by their rows. */
const PARTS_OF = [1, 10, 100];

const directory = mkdtempSync(join(tmpdir(), 'rr-serving-'));
const load = new LoadGenerator();
const service = await startService(directory);

console.log('# Serving against bare Fastify\n');
printMachine();
console.log(`Fastify ${createRequire(import.meta.url)('fastify/package.json').version}; the command:`);
console.log(
  '`node dist/bench/serving/serving.js`. One process each for the service, bare Fastify and the load, which take turns',
);
console.log(`of ${TURN} ms, ${TURNS} a side. The service validates, computes, counts and logs as it does by default.`);
console.log(
  'Medians of the turns; ratios within a pair of turns, with the least and the greatest in brackets. On a machine',
);
console.log("with other work to do, the ratio of each side's best turn tells more.\n");
console.log('| rows | connections | | requests/s | p50, µs | p99, µs | CPU of the server, µs/request |');
console.log('|---|---|---|---|---|---|---|');
const verdicts = new Verdicts();
try {
  for (const scenario of SCENARIOS) await compare(scenario);
  console.log(
    '\nWhat is the work of the service itself in a request, in a loop of its own; the rest is HTTP and the system.',
  );
  console.log('In the service each part takes longer, for the others have had the caches meanwhile.');
  console.log(
    'The version here was trained on the few rows of the embedded data, so that its baseline has no conditional channel:',
  );
  console.log('to watch a row for drift takes less than with a full baseline, which is judged below.\n');
  await printParts(join(directory, 'reconstruction_regressor'), PARTS_OF);
  console.log();
  verdicts.print();
} finally {
  load.close();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function compare({ rows: count, connections, quick: looser }: Scenario): Promise<void> {
  const bodies = Array.from({ length: connections }, (_, i) => bodyOf(count, i));
  const bare = await startBare(await answerOf(service, bodies[0]!));
  try {
    for (const side of [service, bare]) await turn(side, bodies, WARM_UP);
    const turns: [Turn, Turn][] = [];
    for (let i = 0; i < TURNS; i++) {
      // Who is first changes, so that a machine which slows down or speeds up favours nobody.
      const order = i % 2 === 0 ? [service, bare] : [bare, service];
      const results = new Map<Side, Turn>();
      for (const side of order) results.set(side, await turn(side, bodies, TURN));
      turns.push([results.get(service)!, results.get(bare)!]);
    }
    const place = `| ${count} | ${connections} |`;
    const [mine, ceiling] = [turns.map(([first]) => first), turns.map(([, second]) => second)];
    printSide(`${place} service`, mine);
    printSide(`${place} bare`, ceiling);
    const ratio = (of: (turn: Turn) => number) => turns.map(([first, second]) => of(first) / of(second));
    const throughput = ratio((t) => t.requestsPerSecond);
    const p99 = ratio((t) => t.p99);
    const ratios = [throughput, ratio((t) => t.p50), p99, ratio((t) => t.cpu)].map((values) => spread(values, 2));
    console.log(`${place} ratio | ${ratios.join(' | ')} |`);
    const best = (of: (turn: Turn) => number) => (Math.min(...mine.map(of)) / Math.min(...ceiling.map(of))).toFixed(2);
    const [time, p50, cpu] = [best((t) => 1 / t.requestsPerSecond), best((t) => t.p50), best((t) => t.cpu)];
    console.log(`${place} ratio of the best | ${(1 / Number(time)).toFixed(2)} | ${p50} | | ${cpu} |`);
    const more = median(turns.map(([first, second]) => first.p50 - second.p50));
    const where = `${count} rows, ${connections} connections`;
    if (connections === 1)
      verdicts.judge(`${where}: ${more.toFixed(1)} µs more at the median, at most ${MAX_MEDIAN}`, more <= MAX_MEDIAN);
    else {
      const least = quick ? looser : MIN_THROUGHPUT;
      verdicts.judge(
        `${where}: ${median(throughput).toFixed(3)} of the throughput, at least ${least}`,
        median(throughput) >= least,
      );
      // Few turns on a busy machine say nothing of so rare requests.
      if (!quick)
        verdicts.judge(
          `${where}: ${median(p99).toFixed(2)} times the p99, at most ${MOST_P99}`,
          median(p99) <= MOST_P99,
        );
      if (count === 1) await judgeObservation(median(mine.map((t) => t.cpu)));
    }
  } finally {
    bare.process.kill();
  }
}

/** `cpu`: processor time of a request of one row, in µs. */
async function judgeObservation(cpu: number): Promise<void> {
  const { median: observed } = await measureWatching();
  const share = (100 * observed) / cpu;
  verdicts.judge(
    `watching a row of 8 features, history and sample with it, takes ${observed.toFixed(1)} µs, ${share.toFixed(1)} % of the request, at most ${MAX_OBSERVATION} %`,
    // Where the system does not tell processor times, nothing is judged.
    !(share > MAX_OBSERVATION),
  );
}

async function turn(side: Side, bodies: readonly string[], milliseconds: number): Promise<Turn> {
  const before = cpuSeconds(side);
  const result = await load.run(side.port, bodies, milliseconds);
  return { ...result, cpu: ((cpuSeconds(side) - before) / result.requests) * 1e6 };
}

function printSide(label: string, turns: readonly Turn[]): void {
  const figure = (of: (turn: Turn) => number, digits: number) => median(turns.map(of)).toFixed(digits);
  console.log(
    `${label} | ${figure((t) => t.requestsPerSecond, 0)} | ${figure((t) => t.p50, 0)} | ${figure((t) => t.p99, 0)} | ${figure((t) => t.cpu, 1)} |`,
  );
}

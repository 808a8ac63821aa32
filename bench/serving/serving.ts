// Compares the service with bare Fastify with the same schemas and a constant reply, which is the maximum for a service in this
// framework, and prints Markdown: `node dist/bench/serving/serving.js`. Exits with 1 if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureMonitoring } from '../drift/monitor-cost.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { LoadResult } from './load-process.js';
import { printParts } from './request-parts.js';
import { bodyOf } from './serving-rows.js';
import { cpuSeconds, replyOf, type Side, startBare, startService } from './serving-sides.js';

/** Length of a turn in milliseconds, and number of turns per side, after a longer warm-up turn. */
const TURN = 300;
const quick = process.argv.includes('--quick');
const TURNS = quick ? 7 : 25;
const WARM_UP = quick ? 1000 : 3000;

/** Relative to the bare server: minimum throughput, maximum 99th percentile, and maximum difference of the medians in µs. */
const MIN_THROUGHPUT = 0.9;
const MAX_P99 = 1.25;
const MAX_MEDIAN_DIFFERENCE = quick ? 50 : 10;
/** Maximum share of drift monitoring in the CPU time of a request of one row, in per cent. */
const MAX_MONITORING = 10;

interface Scenario {
  readonly rows: number;
  readonly connections: number;
  /** Minimum relative throughput in a quick run: low enough for a busy machine, high enough to detect a regression. */
  readonly quick: number;
}

/** One turn. `cpu` is the CPU time of the server's process per request, in µs; NaN where the system does not report it. */
interface Turn extends LoadResult {
  readonly cpu: number;
}

const SCENARIOS: readonly Scenario[] = [
  { rows: 1, connections: 64, quick: 0.7 },
  { rows: 1, connections: 1, quick: 0.7 },
  { rows: 10, connections: 64, quick: 0.5 },
  { rows: 100, connections: 64, quick: 0.3 },
];

/** Rows of the requests whose parts are measured. */
const PART_SIZES = [1, 10, 100];

const directory = mkdtempSync(join(tmpdir(), 'rr-serving-'));
const load = new LoadGenerator();
const service = await startService(directory);

console.log('# Serving against bare Fastify\n');
printMachine();
console.log(`Fastify ${createRequire(import.meta.url)('fastify/package.json').version}; the command:`);
console.log(
  '`node dist/bench/serving/serving.js`. The service, bare Fastify and the load each run in one process and alternate in turns',
);
console.log(
  `of ${TURN} ms, ${TURNS} per side. The service validates, predicts, monitors and logs with its default settings.`,
);
console.log(
  'Medians of the turns; ratios within a pair of turns, with minimum and maximum in brackets. On a busy machine,',
);
console.log('the ratio of the best turns is more reliable.\n');
console.log('| rows | connections | | requests/s | p50, µs | p99, µs | CPU of the server, µs/request |');
console.log('|---|---|---|---|---|---|---|');
const verdicts = new Verdicts();
try {
  for (const scenario of SCENARIOS) await compare(scenario);
  console.log(
    '\nThe work of the service itself in a request, measured in a separate loop. The rest is HTTP and the system.',
  );
  console.log('In the running service each part takes longer, because the parts compete for the CPU caches.');
  console.log('This version was trained on the small bundled data set, so its baseline has no conditional channel:');
  console.log('drift monitoring costs less than with a full baseline, which is measured below.\n');
  await printParts(join(directory, 'reconstruction_regressor'), PART_SIZES);
  console.log();
  verdicts.print();
} finally {
  load.close();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function compare({ rows: count, connections, quick: quickMin }: Scenario): Promise<void> {
  const bodies = Array.from({ length: connections }, (_, i) => bodyOf(count, i));
  const bare = await startBare(await replyOf(service, bodies[0]!));
  try {
    for (const side of [service, bare]) await turn(side, bodies, WARM_UP);
    const turns: [Turn, Turn][] = [];
    for (let i = 0; i < TURNS; i++) {
      // The order alternates, so that a machine that slows down or speeds up favours neither side.
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
    const difference = median(turns.map(([first, second]) => first.p50 - second.p50));
    const where = `${count} rows, ${connections} connections`;
    if (connections === 1)
      verdicts.judge(
        `${where}: ${difference.toFixed(1)} µs more at the median, at most ${MAX_MEDIAN_DIFFERENCE}`,
        difference <= MAX_MEDIAN_DIFFERENCE,
      );
    else {
      const min = quick ? quickMin : MIN_THROUGHPUT;
      verdicts.judge(
        `${where}: ${median(throughput).toFixed(3)} of the throughput, at least ${min}`,
        median(throughput) >= min,
      );
      // A few turns on a busy machine say little about so rare events.
      if (!quick)
        verdicts.judge(`${where}: ${median(p99).toFixed(2)} times the p99, at most ${MAX_P99}`, median(p99) <= MAX_P99);
      if (count === 1) await judgeMonitoring(median(mine.map((t) => t.cpu)));
    }
  } finally {
    bare.process.kill();
  }
}

/** `cpu`: CPU time of a request of one row, in µs. */
async function judgeMonitoring(cpu: number): Promise<void> {
  const { median: observed } = await measureMonitoring();
  const share = (100 * observed) / cpu;
  verdicts.judge(
    `monitoring a row of 8 features, including history and sample, takes ${observed.toFixed(1)} µs, ${share.toFixed(1)} % of the request, at most ${MAX_MONITORING} %`,
    // NaN, where the system does not report CPU times, counts as reached.
    !(share > MAX_MONITORING),
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

// Offers the service three times the requests that it can answer, at a rate that does not depend on its replies, over 200 to 5,000
// connections: `node dist/bench/serving/overload.js`. Prints the throughput and latency of what it accepts beside those of an
// ordinary load, the latency of health checks, and the memory. A control is Node's HTTP server alone, under the same overload.
// --quick shortens the run. Exits with 1 if a target is missed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { OverloadOrder, OverloadReport } from './overload-load.js';
import { bodyOf } from './serving-rows.js';
import { cpuSeconds, replyOf, type Side, startBareHttp, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
const CONNECTIONS = quick ? [200, 2000] : [200, 1000, 5000];
/**
 * The speed of a shared machine changes within seconds. So each round measures all that is compared, one shortly after
 * the other, and the figures are medians over the rounds.
 */
const ROUNDS = quick ? 2 : 7;
/** Lengths of the parts of a round in milliseconds, and of the load before each. Refusals begin after a second. */
const PART = 1500;
const WARM_UP = 500;
const OVERLOAD_WARM_UP = 1500;
/** Connections with which the service reaches its best throughput, one request at a time on each. */
const BEST_CONNECTIONS = 64;
/** Load relative to the best throughput. */
const QUIET = 0.5;
const OVERLOAD = 3;
/** Milliseconds between two health checks. */
const CHECK_INTERVAL = 50;

/**
 * Maximum 99th percentile relative to the quiet one, maximum latency of a health check in ms, and minimum throughput relative to
 * the best, per CPU time of the server, which shares the processor with what loads it, and to what the control keeps of its own
 * best: over thousands of connections, each request takes more time in the kernel, in Node.js and in the processor's caches,
 * whatever the server does.
 */
const MAX_P99 = quick ? 10 : 5;
const MAX_HEALTH = quick ? 500 : 100;
const MIN_THROUGHPUT = quick ? 0.5 : 0.9;

interface Throughput {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

interface Part extends OverloadReport, Throughput {
  /** The worst latency of a health check, in milliseconds. */
  readonly health: number;
}

interface Round {
  readonly best: Throughput;
  readonly quiet: Part;
  readonly overload: Part;
  readonly controlBest: Throughput;
  readonly control: Part;
}

/** A server, and the process that puts it under an open load. */
interface Loaded {
  readonly side: Side;
  readonly load: ChildProcess;
}

const directory = mkdtempSync(join(tmpdir(), 'rr-overload-'));
const healthPort = await freePort();
const startLoad = () => fork(new URL('./overload-load.js', import.meta.url));
const service: Loaded = {
  side: await startService(directory, undefined, { HEALTH_PORT: String(healthPort) }),
  load: startLoad(),
};
const bodies = Array.from({ length: BEST_CONNECTIONS }, (_, i) => bodyOf(1, i));
const control: Loaded = { side: await startBareHttp(await replyOf(service.side, bodies[0]!)), load: startLoad() };
const generator = new LoadGenerator();
const verdicts = new Verdicts();
try {
  console.log('# Overload\n');
  printMachine();
  console.log(
    `Requests of one row: the best throughput, over ${BEST_CONNECTIONS} connections; quiet, ${QUIET} times that; and overload, ${OVERLOAD} times that,`,
  );
  console.log(
    `one after the other in each of ${ROUNDS} rounds, since the speed of a machine changes. The control is Node's HTTP server with a`,
  );
  console.log(
    'constant reply. A request that is due while each connection waits for a reply is not sent. Latencies count from when a request',
  );
  console.log(
    'was due; those of health checks are the worst of one check every 50 ms, over a new connection. CPU time is that of the server',
  );
  console.log(
    'per accepted request, with its refusals. Figures are medians over the rounds; memory is that of the last.\n',
  );
  console.log(
    '| connections | | accepted/s | refused/s | p50, ms | p99, ms | p99 of refused, ms | health, ms | memory, MiB | CPU, µs |',
  );
  console.log('|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const connections of CONNECTIONS) await measure(connections);
  console.log();
  verdicts.print();
} finally {
  generator.close();
  service.load.kill();
  control.load.kill();
  control.side.process.kill();
  service.side.process.kill();
  await once(service.side.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function measure(connections: number): Promise<void> {
  for (const { side, load } of [service, control]) {
    await request(load, { type: 'connect', port: side.port, connections, bodies });
  }
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) {
    const best = await bestThroughput(service.side);
    const quiet = await part(service, QUIET * best.perSecond, WARM_UP);
    const overload = await part(service, OVERLOAD * best.perSecond, OVERLOAD_WARM_UP);
    const controlBest = await bestThroughput(control.side);
    const kept = await part(control, OVERLOAD * controlBest.perSecond, OVERLOAD_WARM_UP);
    rounds.push({ best, quiet, overload, controlBest, control: kept });
  }
  printBest(
    'best',
    rounds.map(({ best }) => best),
  );
  printParts(
    connections,
    'quiet',
    service,
    rounds.map(({ quiet }) => quiet),
  );
  printParts(
    connections,
    'overload',
    service,
    rounds.map(({ overload }) => overload),
  );
  printBest(
    'best of the control',
    rounds.map(({ controlBest }) => controlBest),
  );
  printParts(
    connections,
    'control',
    control,
    rounds.map((round) => round.control),
  );
  judge(`${connections} connections`, rounds);
}

function judge(name: string, rounds: readonly Round[]): void {
  const of = (figure: (round: Round) => number) => rounds.map(figure);
  const slower = of(({ quiet, overload }) => overload.p99 / quiet.p99);
  verdicts.judge(`${name}: ${spread(slower, 1)} times the quiet p99, at most ${MAX_P99}`, median(slower) <= MAX_P99);
  const perSecond = of(({ best, overload }) => overload.accepted / best.perSecond);
  const share = ({ best, overload }: Round) => overload.perCpuSecond / best.perCpuSecond;
  const usual = (round: Round) => round.control.perCpuSecond / round.controlBest.perCpuSecond;
  const relative = of((round) => share(round) / Math.min(1, usual(round)));
  verdicts.judge(
    `${name}: ${spread(perSecond, 2)} of the best throughput, and per CPU time ${spread(of(share), 2)}, where the control keeps ` +
      `${spread(of(usual), 2)} of its own: ${spread(relative, 2)} of that, at least ${MIN_THROUGHPUT}`,
    median(relative) >= MIN_THROUGHPUT,
  );
  const health = Math.max(...of(({ overload }) => overload.health));
  verdicts.judge(`${name}: health after ${health.toFixed(0)} ms at most, below ${MAX_HEALTH}`, health < MAX_HEALTH);
  const failures = of(({ quiet, overload }) => quiet.failures + overload.failures).reduce((sum, one) => sum + one);
  verdicts.judge(`${name}: ${failures} failed connections, expected none`, failures === 0);
}

/** Returns requests per second, and per second of the server's CPU time. */
async function bestThroughput(side: Side): Promise<Throughput> {
  await generator.run(side.port, bodies, WARM_UP);
  const cpuBefore = cpuSeconds(side);
  const { requestsPerSecond, requests } = await generator.run(side.port, bodies, PART);
  return { perSecond: requestsPerSecond, perCpuSecond: requests / (cpuSeconds(side) - cpuBefore) };
}

async function part({ side, load }: Loaded, requestsPerSecond: number, warmUp: number): Promise<Part> {
  await request(load, { type: 'load', requestsPerSecond, milliseconds: warmUp });
  const end = new AbortController();
  const health = worstHealth(end.signal);
  const cpuBefore = cpuSeconds(side);
  const report = (await request(load, { type: 'load', requestsPerSecond, milliseconds: PART })) as OverloadReport;
  const perCpuSecond = (report.accepted * (PART / 1000)) / (cpuSeconds(side) - cpuBefore);
  end.abort();
  return { ...report, perSecond: report.accepted, perCpuSecond, health: await health };
}

function printBest(name: string, rounds: readonly Throughput[]): void {
  const perSecond = median(rounds.map((one) => one.perSecond)).toFixed(0);
  const cpu = median(rounds.map(({ perCpuSecond }) => 1e6 / perCpuSecond)).toFixed(1);
  console.log(`| ${BEST_CONNECTIONS} | ${name} | ${perSecond} | | | | | | | ${cpu} |`);
}

function printParts(connections: number, name: string, { side }: Loaded, parts: readonly Part[]): void {
  const cell = (digits: number, figure: (one: Part) => number) => median(parts.map(figure)).toFixed(digits);
  const cells = [
    cell(0, (one) => one.accepted),
    cell(0, (one) => one.refused),
    cell(1, (one) => one.p50),
    cell(1, (one) => one.p99),
    cell(0, (one) => one.refusedP99),
    side === service.side ? cell(0, (one) => one.health) : '',
    residentMemory(side),
    cell(1, (one) => 1e6 / one.perCpuSecond),
  ];
  console.log(`| ${connections} | ${name} | ${cells.join(' | ')} |`);
}

/** Returns the worst latency of the health checks until `signal` is aborted, in milliseconds. */
async function worstHealth(signal: AbortSignal): Promise<number> {
  let worst = 0;
  while (!signal.aborted) {
    for (const path of ['/livez', '/readyz']) {
      const start = performance.now();
      const { status } = await fetch(`http://127.0.0.1:${healthPort}${path}`, { headers: { connection: 'close' } });
      worst = Math.max(worst, status === 200 ? performance.now() - start : Number.POSITIVE_INFINITY);
    }
    await wait(CHECK_INTERVAL);
  }
  return worst;
}

async function request(load: ChildProcess, order: OverloadOrder): Promise<unknown> {
  load.send(order);
  const [answer] = await once(load, 'message');
  return answer;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

function residentMemory({ process: { pid } }: Side): string {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 'unknown';
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1]) / 1024).toFixed(0);
}

// Offers the service three times the requests that it can answer, at a rate that does not depend on its replies, over 200 to 5,000
// connections: `node dist/bench/serving/overload.js`. Prints the throughput and latency of what it accepts beside those of an
// ordinary load, the latency of health checks, and the memory. A control is Node's HTTP server alone, under the same overload. --quick shortens the run. Exits with 1 if a target is missed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { printMachine, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { OverloadOrder, OverloadReport } from './overload-load.js';
import { bodyOf } from './serving-rows.js';
import { cpuSeconds, replyOf, type Side, startBareHttp, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
const CONNECTIONS = quick ? [200, 2000] : [200, 1000, 5000];
/** Length of each part in milliseconds. */
const PART = quick ? 3000 : 10_000;
/** Time between the start of the load and that of the measurement, in milliseconds. */
const WARM_UP = quick ? 1500 : 3000;
/** Connections with which the service reaches its best throughput, one request at a time on each. */
const BEST_CONNECTIONS = 64;
/** Load relative to the best throughput. */
const QUIET = 0.5;
const OVERLOAD = 3;
/** Milliseconds between two health checks. */
const CHECK_INTERVAL = 50;
interface Throughput {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/**
 * Maximum 99th percentile relative to the quiet one, maximum latency of a health check in ms, and minimum throughput relative to the
 * best, per CPU time of the server, which shares the processor with what loads it, and to what the control keeps of its own best: over thousands of connections, each request takes more time in the kernel,
 * in Node.js and in the processor's caches, whatever the server does.
 */
const MAX_P99 = quick ? 10 : 5;
const MAX_HEALTH = quick ? 500 : 100;
const MIN_THROUGHPUT = quick ? 0.5 : 0.9;

const directory = mkdtempSync(join(tmpdir(), 'rr-overload-'));
const load = fork(new URL('./overload-load.js', import.meta.url));
const healthPort = await freePort();
const service = await startService(directory, undefined, { HEALTH_PORT: String(healthPort) });
const control = await startBareHttp(await replyOf(service, bodyOf(1, 0)));
const verdicts = new Verdicts();
try {
  console.log('# Overload\n');
  printMachine();
  const [best, controlBest] = [await bestThroughput(service), await bestThroughput(control)];
  console.log(
    `Requests of one row; the best throughput is ${best.perSecond.toFixed(0)} a second over ${BEST_CONNECTIONS} connections, and that of`,
  );
  console.log(`the control, Node's HTTP server with a constant reply, is ${controlBest.perSecond.toFixed(0)}.`);
  console.log(
    `Quiet: ${QUIET} times that; overload: ${OVERLOAD} times, for ${PART / 1000} s each. A request that is due while each`,
  );
  console.log(
    'connection waits for a reply is not sent. Latencies count from when a request was due; those of health checks are',
  );
  console.log(
    'the worst of one check every 50 ms, over a new connection. CPU time is that of the server per accepted request, with its',
  );
  console.log('refusals, and that of the process which loads it per second.\n');
  console.log(
    '| connections | | accepted/s | refused/s | p50, ms | p99, ms | p99 of refused, ms | health, ms | memory, MiB | CPU, µs | load, CPU s |',
  );
  console.log('|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const connections of CONNECTIONS) await measure(connections, best, controlBest);
  console.log();
  verdicts.print();
} finally {
  load.kill();
  control.process.kill();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

/** Returns requests per second, and per second of the server's CPU time. */
async function bestThroughput(side: Side): Promise<Throughput> {
  const { port } = side;
  const generator = new LoadGenerator();
  const bodies = Array.from({ length: BEST_CONNECTIONS }, (_, i) => bodyOf(1, i));
  await generator.run(port, bodies, WARM_UP);
  const cpuBefore = cpuSeconds(side);
  const { requestsPerSecond, requests } = await generator.run(port, bodies, PART);
  generator.close();
  return { perSecond: requestsPerSecond, perCpuSecond: requests / (cpuSeconds(side) - cpuBefore) };
}

async function measure(connections: number, best: Throughput, controlBest: Throughput): Promise<void> {
  const connect = ({ port }: Side) => request({ type: 'connect', port, connections, body: bodyOf(1, 0) });
  await connect(service);
  const quiet = await part(service, connections, 'quiet', QUIET * best.perSecond);
  const busy = await part(service, connections, 'overload', OVERLOAD * best.perSecond);
  await connect(control);
  const plain = await part(control, connections, 'control', OVERLOAD * controlBest.perSecond);
  const name = `${connections} connections`;
  const ratio = busy.p99 / quiet.p99;
  verdicts.judge(`${name}: ${ratio.toFixed(1)} times the quiet p99, at most ${MAX_P99}`, ratio <= MAX_P99);
  const [share, usual] = [busy.perCpuSecond / best.perCpuSecond, plain.perCpuSecond / controlBest.perCpuSecond];
  const relative = share / Math.min(1, usual);
  verdicts.judge(
    `${name}: ${(busy.accepted / best.perSecond).toFixed(2)} of the best throughput, and per CPU time ${share.toFixed(2)}, where the ` +
      `control keeps ${usual.toFixed(2)} of its own: ${relative.toFixed(2)} of that, at least ${MIN_THROUGHPUT}`,
    relative >= MIN_THROUGHPUT,
  );
  verdicts.judge(`${name}: health after ${busy.health.toFixed(0)} ms, below ${MAX_HEALTH}`, busy.health < MAX_HEALTH);
  verdicts.judge(
    `${name}: ${quiet.failures + busy.failures} failed connections, expected none`,
    quiet.failures + busy.failures === 0,
  );
}

async function part(side: Side, connections: number, name: string, requestsPerSecond: number) {
  await request({ type: 'load', requestsPerSecond, milliseconds: WARM_UP });
  const end = new AbortController();
  const health = worstHealth(end.signal);
  const cpuBefore = cpuSeconds(side);
  const report = (await request({ type: 'load', requestsPerSecond, milliseconds: PART })) as OverloadReport;
  const perCpuSecond = (report.accepted * (PART / 1000)) / (cpuSeconds(side) - cpuBefore);
  end.abort();
  const figures = { ...report, perCpuSecond, health: await health };
  const { accepted, refused, p50, p99, refusedP99 } = figures;
  const cells = [accepted.toFixed(0), refused.toFixed(0), p50.toFixed(1), p99.toFixed(1), refusedP99.toFixed(0)];
  if (side === service) cells.push(figures.health.toFixed(0));
  else cells.push('');
  cells.push(residentMemory(side), (1e6 / perCpuSecond).toFixed(1), figures.cpu.toFixed(2));
  console.log(`| ${connections} | ${name} | ${cells.join(' | ')} |`);
  return figures;
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

async function request(order: OverloadOrder): Promise<unknown> {
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

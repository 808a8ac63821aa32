import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../../support/free-port.js';
import { Contract } from './contract.js';
import { Findings } from './findings.js';
import { Fuzzer } from './fuzzer.js';
import { report } from './report.js';
import { goldenRequests } from './requests/golden-requests.js';
import { nativeRequests, statefulRequests, tableRequests } from './requests/native-requests.js';
import { FuzzedService } from './service/fuzzed-service.js';
import { Keeper } from './service/keeper.js';
import { Watch } from './service/watch.js';

// `npm run test:fuzz`: mutated requests to all routes of the built service, over raw sockets and with early ends. Prints
// what was measured as Markdown, and exits with 1 if anything is wrong. A seed gives the same requests again, but for
// the ids and the archive that the service itself has made.

/** MiB with which requests, threads and child processes get their largest shares; see `memory-limits.ts`. */
const MOST_MEMORY = 896;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    concurrency: { type: 'string', default: '32' },
    memory: { type: 'string', default: String(MOST_MEMORY) },
    skip: { type: 'string' },
    main: { type: 'string', default: fileURLToPath(new URL('../../../app/main.js', import.meta.url)) },
    findings: { type: 'string', default: join(tmpdir(), 'rr-fuzz-findings') },
  },
});
const { main, findings: location } = values;
const [requests, seed, from, concurrency, memory] = [
  values.requests,
  values.seed,
  values.from,
  values.concurrency,
  values.memory,
].map(wholeNumber) as [number, number, number, number, number];

const PROGRESS = 15_000;
/** Milliseconds after the last request, and sockets that the service may hold by then: its own and a few idle ones. */
const QUIET = 3000;
const MAX_SOCKETS = 16;
const directory = mkdtempSync(join(tmpdir(), 'rr-fuzz-'));
const service = new FuzzedService(main, directory, await freePort());
const keeper = new Keeper(service.port, directory);
process.on('exit', () => {
  service.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await service.start();
const fixtures = await keeper.prepare();
await keeper.addMixed();
const findings = new Findings(location);
const fuzzer = new Fuzzer({
  service,
  keeper,
  corpus: {
    common: [...goldenRequests(), ...repeated(nativeRequests(fixtures))],
    stateful: [...repeated(statefulRequests(fixtures)), ...tableRequests()],
  },
  contract: new Contract(fixtures.openapi),
  findings,
  seed,
  concurrency,
  memory: memory * 2 ** 20,
  skip: values.skip === undefined ? undefined : new RegExp(values.skip, 'i'),
});
const watch = new Watch(service.port, (sample) => fuzzer.judge(sample));
watch.follow(service.pid);
const ending = new AbortController();
const keeping = keeper.run(ending.signal);
const progress = setInterval(() => {
  const mebibytes = (watch.rss / 2 ** 20).toFixed(0);
  console.error(`${fuzzer.sent} requests, ${findings.all.length} findings, RSS ${mebibytes} MiB`);
}, PROGRESS);
const start = performance.now();
await fuzzer.run(from, requests, watch);
const seconds = (performance.now() - start) / 1000;
clearInterval(progress);
ending.abort();
await keeping;
await watch.stop();
await sleep(QUIET);
const sockets = service.openSockets();
if (sockets > MAX_SOCKETS) findings.add('connections left open', '', 0, `${sockets} sockets after ${QUIET} ms`, []);
const defect = await keeper.defect();
if (defect) findings.add('not as before the run', '', 0, defect, []);
const { code, signal } = await service.stop();
if (code !== 0) findings.add('shutdown', 'SIGTERM', 0, `exit code ${code}, signal ${signal}`, []);
const { outcomes, statuses, sent, skipped } = fuzzer;
const run = {
  seed,
  requests: sent,
  seconds,
  outcomes,
  statuses,
  memoryBound: memory * 2 ** 20,
  restarts: service.restarts,
};
console.log(report(run, watch, findings.all, location));
process.exit(findings.all.length === 0 && sent + skipped === requests ? 0 : 1);

/** There are many more golden requests than native ones, and more tables than other requests that change something. */
function repeated<T>(requests: readonly T[]): T[] {
  return Array.from({ length: 5 }, () => requests).flat();
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`expected a whole number, got ${text}`);
  return Number(text);
}

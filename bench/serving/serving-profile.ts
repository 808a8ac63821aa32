// Profiles the CPU time of a request in the service and in bare Fastify, and prints Markdown:
// `node dist/bench/serving/serving-profile.js`. Writes the flame graph docs/serving-flame.svg.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PURPOSES, type Purpose } from '../tools/call-purpose.js';
import { type Call, callTree, selfByPurpose } from '../tools/call-tree.js';
import { drawFlame } from '../tools/flame.js';
import type { Profiled } from '../tools/profiler.js';
import { printMachine } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import { bodyOf } from './serving-rows.js';
import { replyOf, type Side, startBare, startService } from './serving-sides.js';

const CONNECTIONS = 64;
const ROWS = [1, 10, 100];
/** Length of a turn in milliseconds, and number of turns per side, after a longer warm-up turn. */
const TURN = 500;
const TURNS = 16;
const WARM_UP = 3000;
/** Minimum throughput relative to bare Fastify, as in bench/serving/serving.ts. */
const MIN_THROUGHPUT = 0.9;
const PICTURE = 'serving-flame.svg';

/** CPU time of a request in the server's thread, in µs: by purpose, with `undefined` for none, and in total. */
interface Cost {
  readonly calls: Call;
  readonly byPurpose: ReadonlyMap<Purpose | undefined, number>;
  readonly total: number;
  readonly requestsPerSecond: number;
}

const directory = mkdtempSync(join(tmpdir(), 'rr-profile-'));
const load = new LoadGenerator();
const service = await startService(directory, 'profiler');
const costs: (readonly [service: Cost, bare: Cost])[] = [];
try {
  for (const rows of ROWS) costs.push(await profile(rows));
} finally {
  load.close();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

console.log('# Where the time of a request goes\n');
printMachine();
console.log(
  `V8 CPU profiles of the service and of bare Fastify under load: ${CONNECTIONS} connections, turns of ${TURN} ms, ${TURNS} per side.`,
);
console.log(
  "CPU time of the server's thread in µs per request, and its share. A function counts for the time in itself,",
);
console.log('and the profiler adds to everything. In bare Fastify, reading is JSON.parse and schema validation,');
console.log('and writing is the serialiser.\n');
printCosts();
printCeilings();
const [mine] = costs.at(-1)!;
const title = `A request of ${ROWS.at(-1)} rows in the service: ${mine.total.toFixed(0)} µs of its thread`;
writeFileSync(join('docs', PICTURE), drawFlame(title, mine.calls));
console.log(`\n![Flame graph. ${title}](${PICTURE})`);

async function profile(rows: number): Promise<readonly [Cost, Cost]> {
  const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(rows, i));
  const bare = await startBare(await replyOf(service, bodies[0]!), 'profiler');
  const sides = [service, bare];
  try {
    for (const side of sides) await load.run(side.port, bodies, WARM_UP);
    const requests = sides.map(() => 0);
    for (const side of sides) side.process.send('profile');
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, side] of sides.entries()) requests[i]! += (await load.run(side.port, bodies, TURN)).requests;
    }
    const [first, second] = [await endProfile(service), await endProfile(bare)];
    return [costOf(first, requests[0]!), costOf(second, requests[1]!)];
  } finally {
    bare.process.kill();
  }
}

async function endProfile({ process: child }: Side): Promise<Profiled> {
  child.send('end');
  const [profiled] = (await once(child, 'message')) as [Profiled];
  return profiled;
}

function costOf({ profile, cpu }: Profiled, requests: number): Cost {
  const calls = callTree(profile);
  const total = (1000 * cpu) / requests;
  const byPurpose = Array.from(
    selfByPurpose(calls),
    ([purpose, self]) => [purpose, (total * self) / calls.total] as const,
  );
  return { calls, byPurpose: new Map(byPurpose), total, requestsPerSecond: (1000 * requests) / (TURN * TURNS) };
}

function printCosts(): void {
  const columns = ROWS.flatMap((rows) => [`${rows} rows, service`, `${rows} rows, bare`]);
  console.log(`| µs per request | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}`);
  const sides = costs.flat();
  for (const purpose of [...PURPOSES.map((entry) => entry.purpose), undefined]) {
    const cells = sides.map(({ byPurpose, total }) => {
      const cost = byPurpose.get(purpose) ?? 0;
      return `${cost.toFixed(1)} (${((100 * cost) / total).toFixed(0)} %)`;
    });
    console.log(`| ${purpose ?? 'other'} | ${cells.join(' | ')} |`);
  }
  console.log(`| **total** | ${sides.map(({ total }) => total.toFixed(1)).join(' | ')} |`);
  console.log(`| requests/s | ${sides.map((side) => side.requestsPerSecond.toFixed(0)).join(' | ')} |\n`);
}

/** Prints the throughput of the service relative to bare Fastify if some of its work cost nothing. */
function printCeilings(): void {
  const without = (...free: Purpose[]) =>
    costs.map(([mine, bare]) => (bare.total / (mine.total - timeOf(mine, ...free))).toFixed(2)).join(' | ');
  console.log(
    `| throughput relative to bare Fastify, computed from these times | ${ROWS.map((rows) => `${rows} rows`).join(' | ')} |`,
  );
  console.log(`|---|${ROWS.map(() => '---:|').join('')}`);
  console.log(`| as measured | ${without()} |`);
  console.log(`| if drift monitoring cost nothing | ${without('drift monitoring')} |`);
  console.log(`| if the forward pass cost nothing | ${without('forward pass')} |`);
  console.log(`| if neither cost anything | ${without('drift monitoring', 'forward pass')} |\n`);
  const [mine, bare] = costs.at(-1)!;
  const budget = bare.total / MIN_THROUGHPUT;
  const both = timeOf(mine, 'drift monitoring', 'forward pass');
  console.log(
    `To reach ${MIN_THROUGHPUT} of the throughput of bare Fastify, a request of ${ROWS.at(-1)} rows may take ${budget.toFixed(0)} µs. It takes ${mine.total.toFixed(0)} µs: ` +
      `${timeOf(mine, 'forward pass').toFixed(0)} for the forward pass and ${timeOf(mine, 'drift monitoring').toFixed(0)} for drift monitoring, which a constant reply does not need, and ` +
      `${(mine.total - both).toFixed(0)} for everything else. That leaves ${(budget - (mine.total - both)).toFixed(0)} µs for the first two, ` +
      `${((budget - (mine.total - both)) / both).toFixed(2)} of what they take.`,
  );
}

function timeOf({ byPurpose }: Cost, ...purposes: Purpose[]): number {
  return purposes.reduce((sum, purpose) => sum + (byPurpose.get(purpose) ?? 0), 0);
}

// Prints, as Markdown, where the processor's time of a request goes, in the service and in bare Fastify, and draws it:
// `node dist/bench/serving/serving-profile.js`. Writes docs/serving-flame.svg.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOMS, type Room } from '../tools/call-purpose.js';
import { type Call, callTree, selfByRoom } from '../tools/call-tree.js';
import { drawFlame } from '../tools/flame.js';
import type { Profiled } from '../tools/profiler.js';
import { printMachine } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import { bodyOf } from './serving-rows.js';
import { answerOf, type Side, startBare, startService } from './serving-sides.js';

const CONNECTIONS = 64;
const ROWS = [1, 10, 100];
/** Milliseconds of a turn, and how many turns each side has; a longer one before them, for the compiler, is not counted. */
const TURN = 500;
const TURNS = 16;
const WARM_UP = 3000;
/** Of bare Fastify's throughput: what bench/serving/serving.ts wants at least. */
const MIN_THROUGHPUT = 0.9;
const PICTURE = 'serving-flame.svg';

/** What a request takes of the server's thread, in µs: by room, what is of none under `undefined`, and in all. */
interface Cost {
  readonly calls: Call;
  readonly rooms: ReadonlyMap<Room | undefined, number>;
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
  `V8's CPU profile of the service and of bare Fastify under load: ${CONNECTIONS} connections, turns of ${TURN} ms, ${TURNS} a side.`,
);
console.log(
  "Processor time of the server's thread, in µs per request, and its share. A function counts for what it does",
);
console.log(
  'itself, the profiler for a part of everything. In bare Fastify, to read is JSON.parse and the validation by the',
);
console.log('schema, and to write is the serialiser.\n');
printCosts();
printCeilings();
const [mine] = costs.at(-1)!;
const title = `A request of ${ROWS.at(-1)} rows in the service: ${mine.total.toFixed(0)} µs of its thread`;
writeFileSync(join('docs', PICTURE), drawFlame(title, mine.calls));
console.log(`\n![Flame graph. ${title}](${PICTURE})`);

async function profile(rows: number): Promise<readonly [Cost, Cost]> {
  const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(rows, i));
  const bare = await startBare(await answerOf(service, bodies[0]!), 'profiler');
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
  const rooms = Array.from(selfByRoom(calls), ([room, self]) => [room, (total * self) / calls.total] as const);
  return { calls, rooms: new Map(rooms), total, requestsPerSecond: (1000 * requests) / (TURN * TURNS) };
}

function printCosts(): void {
  const columns = ROWS.flatMap((rows) => [`${rows} rows, service`, `${rows} rows, bare`]);
  console.log(`| µs per request | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}`);
  const sides = costs.flat();
  for (const room of [...ROOMS.map(({ room }) => room), undefined]) {
    const cells = sides.map(({ rooms, total }) => {
      const cost = rooms.get(room) ?? 0;
      return `${cost.toFixed(1)} (${((100 * cost) / total).toFixed(0)} %)`;
    });
    console.log(`| ${room ?? 'what is none of these'} | ${cells.join(' | ')} |`);
  }
  console.log(`| **together** | ${sides.map(({ total }) => total.toFixed(1)).join(' | ')} |`);
  console.log(`| requests/s | ${sides.map((side) => side.requestsPerSecond.toFixed(0)).join(' | ')} |\n`);
}

/** What the service's throughput would be in bare Fastify's without some of its work. */
function printCeilings(): void {
  const without = (...free: Room[]) =>
    costs.map(([mine, bare]) => (bare.total / (mine.total - take(mine, ...free))).toFixed(2)).join(' | ');
  console.log(`| throughput in bare Fastify's, by these times | ${ROWS.map((rows) => `${rows} rows`).join(' | ')} |`);
  console.log(`|---|${ROWS.map(() => '---:|').join('')}`);
  console.log(`| as it is | ${without()} |`);
  console.log(`| if watching cost nothing | ${without('watching')} |`);
  console.log(`| if the forward pass cost nothing | ${without('forward pass')} |`);
  console.log(`| if neither cost anything | ${without('watching', 'forward pass')} |\n`);
  const [mine, bare] = costs.at(-1)!;
  const most = bare.total / MIN_THROUGHPUT;
  const both = take(mine, 'watching', 'forward pass');
  console.log(
    `For ${MIN_THROUGHPUT} of bare Fastify's throughput a request of ${ROWS.at(-1)} rows may take ${most.toFixed(0)} µs. It takes ${mine.total.toFixed(0)}: ` +
      `${take(mine, 'forward pass').toFixed(0)} to compute and ${take(mine, 'watching').toFixed(0)} to watch, of which the constant answer knows nothing, and ` +
      `${(mine.total - both).toFixed(0)} for all else. As that is, ${(most - (mine.total - both)).toFixed(0)} µs are left for both, ` +
      `${((most - (mine.total - both)) / both).toFixed(2)} of what they take.`,
  );
}

function take({ rooms }: Cost, ...some: Room[]): number {
  return some.reduce((sum, room) => sum + (rooms.get(room) ?? 0), 0);
}

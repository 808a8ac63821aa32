// Prints, as Markdown, the whole service against what people would use instead, each with the same network, the same
// rows and the same load: `node dist/bench/serving/serving-peers.js`. Exits with 1 if a target is missed. Needs Python; what
// cannot be installed is said and left out.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AskedServer, ask, HEADERS, PREDICT } from '../peers/peer-contract.js';
import { installPeer, PEERS, type Peer, startPeer, stopPeer, versionsOf } from '../peers/peers.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { LoadResult } from './load-process.js';
import { bodyOf } from './serving-rows.js';
import { answerOf, type Side, startBare, startService } from './serving-sides.js';

const CONNECTIONS = 64;
const ROWS = [1, 100];
/** Milliseconds of a turn, and how many turns each side has; a longer one before them is not counted. */
const TURN = 500;
const TURNS = 7;
const WARM_UP = 2000;
/** Largest relative difference between the service's numbers and a peer's. */
const TOLERANCE = 1e-4;

const directory = mkdtempSync(join(tmpdir(), 'rr-peers-'));
const service = await startService(directory);
const own: AskedServer = { port: service.port, contract: PREDICT };
/** Bare Fastify with a constant answer, for each number of rows: how far beyond a peer HTTP in Node can be. */
const bare = new Map<number, Side>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
process.once('exit', () => {
  // Where the end below was not reached. At once: what it would still write goes with the directory.
  for (const side of [service, ...bare.values()]) side.process.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});
for (const rows of ROWS) bare.set(rows, await startBare(await answerOf(service, bodyOf(rows, 0))));
const version = join(directory, 'reconstruction_regressor', '1');
const left: string[] = [];
const used: string[] = [];
const verdicts = new Verdicts();

console.log('# Serving against other servers\n');
printMachine();
console.log(
  `The command: \`node dist/bench/serving/serving-peers.js\`. One worker serves, ${CONNECTIONS} connections; service and`,
);
console.log(
  `peer take turns of ${TURN} ms, ${TURNS} each. Medians; ratios within a pair of turns, least and greatest in brackets.`,
);
console.log(
  'The service also watches the rows for drift, and counts and logs, which the peers do not. All are asked in JSON:',
);
console.log(
  'TorchServe at its own path, Triton by the Open Inference Protocol, and it batches the requests that wait. Bare',
);
console.log(
  'Fastify, with turns of its own, answers a constant: it tells how far beyond the peer HTTP in Node can be here.',
);
console.log(
  'FastAPI + Keras is there twice: tuned (computed in the event loop, one thread of TensorFlow, no access log), and with',
);
console.log(
  'the defaults of its documentation (in a thread of FastAPI, TensorFlow with its own, with the access log).\n',
);
console.log(
  '| peer | rows | service, requests/s | peer, requests/s | ratio | ratio of bare Fastify | p99, service / peer |',
);
console.log('|---|---:|---:|---:|---|---|---|');
try {
  for (const peer of PEERS) await compare(peer);
  console.log();
  verdicts.print();
  for (const reason of left) console.log(`- ${reason}`);
  if (used.length > 0) console.log(`\n${used.join('; ')}.`);
} finally {
  for (const side of bare.values()) side.process.kill();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function compare(peer: Peer): Promise<void> {
  const missing = installPeer(peer);
  if (missing) {
    left.push(`SKIPPED: ${peer.name}: ${missing}`);
    return;
  }
  process.stderr.write(`${peer.name}\n`);
  let started: Awaited<ReturnType<typeof startPeer>>;
  try {
    started = await startPeer(peer, version);
  } catch (error) {
    left.push(`SKIPPED: ${(error as Error).message}`);
    return;
  }
  used.push(`${peer.name}: ${versionsOf(peer.packages, peer.environment)}`);
  const load = new LoadGenerator();
  try {
    const server = { port: started.port, contract: peer.contract };
    await assertSame(server);
    for (const rows of ROWS) await measure(peer, load, server, rows);
  } catch (error) {
    // It serves, but not what it should: that is no reason to say nothing of its target.
    verdicts.judge(`${peer.name}: ${(error as Error).message}`, false);
  } finally {
    load.close();
    await stopPeer(started.process);
  }
}

/** Nobody is measured who computes something else. */
async function assertSame(peer: AskedServer): Promise<void> {
  const [mine, theirs] = await Promise.all([predictionsOf(own), predictionsOf(peer)]);
  mine.forEach((expected, row) => {
    const found = theirs[row];
    if (!(Math.abs(found! - expected) <= TOLERANCE * Math.abs(expected))) {
      throw new Error(`row ${row}: the service predicts ${expected}, the peer ${found}`);
    }
  });
}

async function predictionsOf(server: AskedServer): Promise<readonly number[]> {
  const response = await ask(server, 50);
  if (response.status !== 200) throw new Error(await response.text());
  return server.contract.predictionsOf(await response.json());
}

async function measure({ name, target }: Peer, load: LoadGenerator, peer: AskedServer, rows: number): Promise<void> {
  const turn = ({ port, contract: { path, bodyOf } }: AskedServer, milliseconds: number) => {
    const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(rows, i));
    return load.run(port, bodies, milliseconds, { path, headers: HEADERS });
  };
  const constant: AskedServer = { port: bare.get(rows)!.port, contract: PREDICT };
  const sides = [own, peer, constant];
  for (const side of sides) await turn(side, WARM_UP);
  const pairs: [LoadResult, LoadResult][] = [];
  const ceilings: number[] = [];
  for (let i = 0; i < TURNS; i++) {
    // Who is first changes, so that a machine which slows down or speeds up favours nobody.
    const results = new Map<AskedServer, LoadResult>();
    for (const side of i % 2 === 0 ? sides : sides.toReversed()) results.set(side, await turn(side, TURN));
    pairs.push([results.get(own)!, results.get(peer)!]);
    ceilings.push(results.get(constant)!.requestsPerSecond / results.get(peer)!.requestsPerSecond);
  }
  const ratios = pairs.map(([mine, theirs]) => mine.requestsPerSecond / theirs.requestsPerSecond);
  const ratio = median(ratios);
  const figure = (of: (pair: [LoadResult, LoadResult]) => number) => median(pairs.map(of)).toFixed(0);
  const p99 = median(pairs.map(([mine, theirs]) => mine.p99 / theirs.p99));
  console.log(
    `| ${name} | ${rows} | ${figure(([mine]) => mine.requestsPerSecond)} | ${figure(([, theirs]) => theirs.requestsPerSecond)}` +
      ` | ${spread(ratios, 1)} | ${spread(ceilings, 1)} | ${p99.toFixed(2)} |`,
  );
  if (target === undefined || rows !== 1) return;
  const ceiling = median(ceilings).toFixed(1);
  verdicts.judge(
    `${name}: ${ratio.toFixed(1)} times its throughput (bare Fastify ${ceiling} times), at least ${target}`,
    ratio >= target,
  );
}

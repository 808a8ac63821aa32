// Compares the service with the usual alternatives, each with the same network, rows and load, and prints Markdown:
// `node dist/bench/serving/serving-peers.js`. Exits with 1 if a target is missed. Needs Python; peers that cannot be installed
// are skipped with the reason.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { HEADERS, type PeerServer, PREDICT, predict } from '../peers/peer-contract.js';
import { installPeer, PEERS, type Peer, startPeer, stopPeer, versionsOf } from '../peers/peers.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { LoadResult } from './load-process.js';
import { bodyOf } from './serving-rows.js';
import { replyOf, type Side, startBare, startService } from './serving-sides.js';

const CONNECTIONS = 64;
const ROWS = [1, 100];
/** Length of a turn in milliseconds, and number of turns per side, after a longer warm-up turn. */
const TURN = 500;
const TURNS = 7;
const WARM_UP = 2000;
/** Maximum relative difference between the predictions of the service and of a peer. */
const TOLERANCE = 1e-4;

const directory = mkdtempSync(join(tmpdir(), 'rr-peers-'));
const service = await startService(directory);
const own: PeerServer = { port: service.port, contract: PREDICT };
/** Bare Fastify with a constant reply, by number of rows: the maximum throughput of HTTP in Node. */
const bare = new Map<number, Side>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
process.once('exit', () => {
  // In case the cleanup below was not reached. SIGKILL is safe, because the directory is removed anyway.
  for (const side of [service, ...bare.values()]) side.process.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});
for (const rows of ROWS) bare.set(rows, await startBare(await replyOf(service, bodyOf(rows, 0))));
const version = join(directory, 'reconstruction_regressor', '1');
const skipped: string[] = [];
const versions: string[] = [];
const verdicts = new Verdicts();

console.log('# Serving against other servers\n');
printMachine();
console.log(
  `The command: \`node dist/bench/serving/serving-peers.js\`. One worker, ${CONNECTIONS} connections; service and`,
);
console.log(
  `peer alternate in turns of ${TURN} ms, ${TURNS} each. Medians; ratios within a pair of turns, with their range in brackets.`,
);
console.log(
  'The service also monitors drift, updates metrics and logs, which the peers do not. All requests are JSON:',
);
console.log(
  'to the native path of TorchServe, and by the Open Inference Protocol to Triton, which batches waiting requests.',
);
console.log('Bare Fastify, in its own turns, sends a constant reply: it shows the maximum throughput of HTTP in Node.');
console.log(
  'FastAPI + Keras is measured twice: tuned (computed in the event loop, one TensorFlow thread, no access log), and with',
);
console.log(
  'the defaults of its documentation (in a FastAPI thread, with the threads of TensorFlow and the access log).\n',
);
console.log(
  '| peer | rows | service, requests/s | peer, requests/s | ratio | ratio of bare Fastify | p99, service / peer |',
);
console.log('|---|---:|---:|---:|---|---|---|');
try {
  for (const peer of PEERS) await compare(peer);
  console.log();
  verdicts.print();
  for (const reason of skipped) console.log(`- ${reason}`);
  if (versions.length > 0) console.log(`\n${versions.join('; ')}.`);
} finally {
  for (const side of bare.values()) side.process.kill();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function compare(peer: Peer): Promise<void> {
  const missing = installPeer(peer);
  if (missing) {
    skipped.push(`SKIPPED: ${peer.name}: ${missing}`);
    return;
  }
  process.stderr.write(`${peer.name}\n`);
  let started: Awaited<ReturnType<typeof startPeer>>;
  try {
    started = await startPeer(peer, version);
  } catch (error) {
    skipped.push(`SKIPPED: ${(error as Error).message}`);
    return;
  }
  versions.push(`${peer.name}: ${versionsOf(peer.packages, peer.environment)}`);
  const load = new LoadGenerator();
  try {
    const server = { port: started.port, contract: peer.contract };
    await assertSamePredictions(server);
    for (const rows of ROWS) await measure(peer, load, server, rows);
  } catch (error) {
    // The peer serves, but not what it should: its target counts as missed.
    verdicts.judge(`${peer.name}: ${(error as Error).message}`, false);
  } finally {
    load.close();
    await stopPeer(started.process);
  }
}

/** Throws unless the peer predicts the same as the service. */
async function assertSamePredictions(peer: PeerServer): Promise<void> {
  const [mine, theirs] = await Promise.all([predictionsOf(own), predictionsOf(peer)]);
  mine.forEach((expected, row) => {
    const actual = theirs[row];
    if (!(Math.abs(actual! - expected) <= TOLERANCE * Math.abs(expected))) {
      throw new Error(`row ${row}: the service predicts ${expected}, the peer ${actual}`);
    }
  });
}

async function predictionsOf(server: PeerServer): Promise<readonly number[]> {
  const response = await predict(server, 50);
  if (response.status !== 200) throw new Error(await response.text());
  return server.contract.predictionsOf(await response.json());
}

async function measure({ name, target }: Peer, load: LoadGenerator, peer: PeerServer, rows: number): Promise<void> {
  const turn = ({ port, contract: { path, bodyOf } }: PeerServer, milliseconds: number) => {
    const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(rows, i));
    return load.run(port, bodies, milliseconds, { path, headers: HEADERS });
  };
  const constant: PeerServer = { port: bare.get(rows)!.port, contract: PREDICT };
  const sides = [own, peer, constant];
  for (const side of sides) await turn(side, WARM_UP);
  const pairs: [LoadResult, LoadResult][] = [];
  const ceilings: number[] = [];
  for (let i = 0; i < TURNS; i++) {
    // The order alternates, so that a machine that slows down or speeds up favours neither side.
    const results = new Map<PeerServer, LoadResult>();
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

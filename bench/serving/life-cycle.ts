// Two services on one store answer several thousand predictions a second while they are trained, swapped, rolled back and
// restarted: `npm run bench:life-cycle`. Prints what failed, whether every answer is that of the version it names, and the
// 99th percentile beside that of the same load without any of this, before and after. With --quick a shorter one. Exits
// with 1 if a target is missed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadEngine } from '../../src/model/network/engine.js';
import { FileStore } from '../../src/model/store/file-store.js';
import { openVersion, type VersionFiles } from '../../src/model/versions/version.js';
import { printMachine, Verdicts } from '../tools/report.js';
import type { LoadAnswer, LoadOrder, LoadPart } from './life-cycle-load.js';
import { CSV, ROWS } from './serving-rows.js';
import { type Side, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
const SECONDS = quick ? 15 : 60;
const TRAININGS = quick ? 5 : 20;
/** A rollback after each of so many trainings, and the restart after half of them. */
const ROLLBACK_EVERY = quick ? 5 : 4;
const MAX_RATIO = quick ? 4 : 2;
const PACE = { connections: 32, interval: 10 };

const directory = mkdtempSync(join(tmpdir(), 'rr-life-cycle-'));
const store = new FileStore(join(directory, 'reconstruction_regressor'));
const load = fork(new URL('./life-cycle-load.js', import.meta.url));
const versions = new Map<string, VersionFiles>();
const opened = new Map<string, ReturnType<typeof openVersion>['predictor']>();
const sides: [Side, Side] = [await startService(directory), await startService(directory)];
try {
  await remember('1');
  await run();
} finally {
  load.kill();
  for (const { process: child } of sides) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const bodies = ROWS.map((row) => JSON.stringify({ instances: [row] }));
  const ports = sides.map(({ port }) => port);
  load.send({ type: 'start', ports, bodies, ...PACE } satisfies LoadOrder);
  await wait(2000);
  await order<LoadPart>({ type: 'take', quiet: false });

  console.error(`quiet, ${SECONDS / 2} s`);
  await wait((SECONDS / 2) * 1000);
  const before = await order<LoadPart>({ type: 'take', quiet: true });
  console.error(`${TRAININGS} trainings, ${SECONDS} s`);
  const { activations, rollbacks } = await live();
  const busy = await order<LoadPart>({ type: 'take', quiet: false });
  console.error(`quiet, ${SECONDS / 2} s`);
  await wait((SECONDS / 2) * 1000);
  const after = await order<LoadPart>({ type: 'take', quiet: true });
  const answers = await order<LoadAnswer[]>({ type: 'stop' });

  const engine = await loadEngine('kernel');
  const wrong = answers.filter((answer) => !isOf(answer, engine));
  const named = new Set(answers.map(({ version }) => version));
  const parts = { 'quiet before': before, 'trainings, swaps, rollbacks, a restart': busy, 'quiet after': after };

  console.log('# Life-cycle under load\n');
  printMachine();
  console.log(
    `Two services on one store, ${PACE.connections} connections, one row a request; in the middle part ${TRAININGS} trainings, ` +
      `${activations} activations, ${rollbacks} rollbacks, and a restart of one service while the other answers.\n`,
  );
  console.log(
    '| | requests | per second | median, ms | 99th percentile, ms | failed |\n|---|---:|---:|---:|---:|---:|',
  );
  for (const [name, { requests, requestsPerSecond, p50, p99, failures }] of Object.entries(parts)) {
    const figures = [requests, requestsPerSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2), failures.length];
    console.log(`| ${name} | ${figures.join(' | ')} |`);
  }
  const { quiet } = after;
  console.log(`| quiet, both as one | ${quiet.requests} | | ${quiet.p50.toFixed(2)} | ${quiet.p99.toFixed(2)} | |`);
  console.log();
  const verdicts = new Verdicts();
  const failures = Object.values(parts).flatMap((part) => part.failures);
  for (const failure of failures) console.error(failure);
  verdicts.judge(`${failures.length} failed requests, none`, failures.length === 0);
  const total = answers.reduce((sum, { count }) => sum + count, 0);
  for (const answer of wrong.slice(0, 5)) console.error('not of its version:', answer);
  verdicts.judge(
    `${total - wrong.reduce((sum, { count }) => sum + count, 0)} of ${total} answers are those of the version that they name`,
    wrong.length === 0,
  );
  verdicts.judge(`${named.size} versions answered, at least ${TRAININGS}`, named.size >= TRAININGS);
  verdicts.judge(
    `99th percentile ${(busy.p99 / quiet.p99).toFixed(2)} times that of the quiet parts as one, at most ${MAX_RATIO}`,
    busy.p99 <= MAX_RATIO * quiet.p99,
  );
  verdicts.print();
}

/** Trains so often within the time, on one service after the other; each version serves, and some are taken back. */
async function live(): Promise<{ activations: number; rollbacks: number }> {
  const started = performance.now();
  let activations = 0;
  let rollbacks = 0;
  for (let i = 0; i < TRAININGS; i++) {
    await wait(started + (i / TRAININGS) * SECONDS * 1000 - performance.now());
    const side = sides[i % 2]!;
    const query = `target=mpg&wait=true&epochs=10&seed=${i}`;
    const { model_version } = await post(side, `/train?${query}`, CSV);
    await remember(model_version);
    await post(side, `/models/${model_version}/activate`);
    activations++;
    if (i % ROLLBACK_EVERY === ROLLBACK_EVERY - 1) {
      await wait(300);
      await post(sides[(i + 1) % 2]!, '/models/rollback');
      rollbacks++;
    }
    if (i === Math.floor(TRAININGS / 2)) await restart();
  }
  await wait(started + SECONDS * 1000 - performance.now());
  return { activations, rollbacks };
}

/** As behind a balancer: taken out, ended, started, and put in again when it is ready. */
async function restart(): Promise<void> {
  const [first, second] = sides;
  await order({ type: 'move', ports: [second.port] });
  first.process.kill('SIGTERM');
  const [code] = (await once(first.process, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the service ended with ${code}`);
  sides[0] = await startService(directory);
  await order({ type: 'move', ports: sides.map(({ port }) => port) });
}

/** Keeps the files of a version: old ones are removed from the store while this goes on. */
async function remember(version: string): Promise<void> {
  versions.set(version, await store.read(Number(version)));
}

async function post({ port }: Side, path: string, body?: string): Promise<{ model_version: string }> {
  const init = body === undefined ? {} : { headers: { 'content-type': 'text/csv' }, body };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', ...init });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { model_version: string };
}

async function order<T>(given: LoadOrder): Promise<T> {
  load.send(given);
  const [answer] = (await once(load, 'message')) as [T];
  return answer;
}

/** Whether the version that an answer names gives just this number. */
function isOf({ version, body, prediction }: LoadAnswer, engine: Awaited<ReturnType<typeof loadEngine>>): boolean {
  const files = versions.get(version);
  if (!files) return false;
  const predictor = opened.get(version) ?? openVersion(files, engine).predictor;
  opened.set(version, predictor);
  return predictor.predict(Float32Array.from(ROWS[body]!), 1).outputs[0] === Math.fround(prediction);
}

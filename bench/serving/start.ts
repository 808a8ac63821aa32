// Prints the start time with a version in the store, the memory of the idle server, the size of the bundle and the image, and
// the time of a cold install: `node dist/bench/serving/start.js`. Exits with 1 if a target is missed.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FileStore } from '../../src/model/store/file-store.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
const STARTS = quick ? 7 : 21;
/** Maximum time from process start to the first 200 of /readyz in milliseconds, and maximum memory in MiB. */
const MAX_READY = quick ? 800 : 300;
const MAX_RESIDENT = 90;
/** Number of versions in a large store, of starts with it, and their maximum time in milliseconds. */
const MANY = 1000;
const STARTS_WITH_MANY = quick ? 3 : 7;
const MAX_READY_WITH_MANY = 2000;
/** Idle time before the memory is measured, in milliseconds. */
const IDLE = 2000;
const MAIN = fileURLToPath(new URL('../../app/main.js', import.meta.url));
/** Files of a checkout that an install needs. */
const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'src', 'scripts', 'bench', 'test'];

const verdicts = new Verdicts();
const directory = mkdtempSync(join(tmpdir(), 'rr-start-'));
try {
  const store = join(directory, 'store');
  const first = await startService(store);
  first.process.kill();
  await once(first.process, 'close');

  const bare: number[] = [];
  const ready: number[] = [];
  const resident: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    console.error(`start ${i + 1} of ${STARTS}`);
    bare.push(await startNode());
    const one = await start(store, i < 3);
    ready.push(one.ready);
    if (one.resident !== undefined) resident.push(one.resident);
  }
  const full = join(directory, 'full');
  await multiply(store, full, MANY);
  const readyWithMany: number[] = [];
  for (let i = 0; i < STARTS_WITH_MANY; i++) {
    console.error(`start ${i + 1} of ${STARTS_WITH_MANY} with ${MANY} versions`);
    readyWithMany.push((await start(full, false)).ready);
  }
  console.log('# Start\n');
  printMachine();
  console.log(`${STARTS} alternating starts of the service with a version in its store and of an empty Node program.`);
  console.log('Medians, with minimum and maximum in brackets.\n');
  console.log('| | |\n|---|---:|');
  console.log(`| empty Node program, start to exit, ms | ${spread(bare, 0)} |`);
  console.log(`| service, start to the first 200 of /readyz, ms | ${spread(ready, 0)} |`);
  console.log(
    `| the same with ${MANY} versions in the store, ${STARTS_WITH_MANY} starts, ms | ${spread(readyWithMany, 0)} |`,
  );
  if (resident.length > 0)
    console.log(`| resident memory after ${IDLE / 1000} s without requests, MiB | ${spread(resident, 0)} |`);
  else console.log('| resident memory | SKIPPED: this system has no /proc to read it from |');
  console.log(`| bundle without source maps, MiB | ${(sizeOf(join(MAIN, '..'), /\.map$/) / 2 ** 20).toFixed(1)} |`);
  console.log(`| image, MiB | ${imageSize()} |`);
  console.log(
    `| cold npm ci with an empty cache, including the build, s | ${quick ? 'not measured with --quick' : install()} |\n`,
  );
  verdicts.judge(`ready after ${median(ready).toFixed(0)} ms, below ${MAX_READY}`, median(ready) < MAX_READY);
  verdicts.judge(
    `ready after ${median(readyWithMany).toFixed(0)} ms with ${MANY} versions in the store, below ${MAX_READY_WITH_MANY}`,
    median(readyWithMany) < MAX_READY_WITH_MANY,
  );
  if (resident.length > 0) {
    verdicts.judge(
      `${median(resident).toFixed(0)} MiB resident when idle, below ${MAX_RESIDENT}`,
      median(resident) < MAX_RESIDENT,
    );
  }
  verdicts.print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Copies a store with one version and links that version `versions` times. The newest becomes production. */
async function multiply(from: string, to: string, versions: number): Promise<void> {
  cpSync(from, to, { recursive: true });
  const store = new FileStore(join(to, 'reconstruction_regressor'));
  const first = join(store.location, '1');
  for (let version = 2; version <= versions; version++) {
    const directory = join(store.location, String(version));
    mkdirSync(directory);
    for (const name of readdirSync(first)) linkSync(join(first, name), join(directory, name));
  }
  await store.setAliases({ ...(await store.aliases()), production: versions });
}

async function startNode(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'close');
  return performance.now() - started;
}

/** Returns the milliseconds until the service is ready, and its memory after an idle period, in MiB. */
async function start(store: string, idle: boolean): Promise<{ ready: number; resident: number | undefined }> {
  const started = performance.now();
  const { process: child, port } = await startService(store);
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
    if (status !== 200) throw new Error(`/readyz returned ${status}`);
    const ready = performance.now() - started;
    if (idle) await wait(IDLE);
    return { ready, resident: idle ? residentMemory(child.pid!) : undefined };
  } finally {
    child.kill();
    await once(child, 'close');
  }
}

function residentMemory(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1]) / 1024;
}

/** Returns the size of a directory in bytes, without files whose name matches `excluded`. */
function sizeOf(path: string, excluded: RegExp): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !excluded.test(entry.name))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function imageSize(): string {
  try {
    const tag = 'reconstruction-regressor:size';
    execFileSync('docker', ['build', '-q', '--network', 'host', '-t', tag, '.'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const bytes = execFileSync('docker', ['image', 'inspect', '-f', '{{.Size}}', tag], { encoding: 'utf8' });
    return (Number(bytes) / 2 ** 20).toFixed(0);
  } catch (error) {
    return `SKIPPED: docker cannot build it (${(error as Error).message.split('\n')[0]})`;
  }
}

/** Installs without scripts of packages: the only one downloads native TensorFlow, which is optional. */
function install(): string {
  const checkout = join(directory, 'checkout');
  mkdirSync(checkout);
  for (const name of SOURCES) cpSync(name, join(checkout, name), { recursive: true });
  console.error('npm ci with an empty cache');
  const started = performance.now();
  try {
    const options = { cwd: checkout, stdio: ['ignore', 'ignore', 'pipe'] as ('ignore' | 'pipe')[] };
    execFileSync('npm', ['ci', '--ignore-scripts', '--cache', join(directory, 'cache')], options);
    execFileSync('npm', ['run', 'build'], options);
    return ((performance.now() - started) / 1000).toFixed(0);
  } catch (error) {
    return `SKIPPED: ${(error as Error).message.split('\n')[0]}`;
  }
}

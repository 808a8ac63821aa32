// `npm run soak`: mixed traffic to the image under the memory limit of compose.yaml, with trainings, feedback, uploads and clients
// that break off. Measures memory, handles and files, fits a line to each after a warm-up, and prints a page, which `--page`
// writes. `--minutes=` is the duration, of which `--warm-up=` minutes are not judged: caches fill, V8 optimises the code and finds
// the size of its heap, and the service retains its last 100 trainings and, the slowest to fill, the latest hour of reconstruction
// errors. Exits with 1 if anything grows, ends or fails. SIGWINCH, which the service ignores, makes it write a heap snapshot to its
// directory: two of them show what grows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../../support/free-port.js';
import { Keeper } from '../fuzz/service/keeper.js';
import { readHeaps } from './heaps.js';
import { nodeVersion, type Sample, takeSample } from './samples.js';
import { BLOCK, soakPage } from './soak-page.js';
import { SoakTraffic } from './soak-traffic.js';
import { startSubject } from './subject.js';
import { MIN_BLOCKS } from './trend.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '90' },
    'warm-up': { type: 'string', default: '60' },
    page: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const warmUp = Number(values['warm-up']);
const minJudged = BLOCK * MIN_BLOCKS;
if (!(warmUp >= 0 && minutes >= warmUp + minJudged)) {
  throw new Error(
    `--minutes=${values.minutes}: expected at least ${minJudged} more than --warm-up=${values['warm-up']}`,
  );
}

const INTERVAL = 5000;
/** The processes that run all the time. */
const HEAPS = ['main', 'feedback-process'];
/** Milliseconds after the traffic, in which connections and child processes end. */
const QUIET = 15_000;

const directory = mkdtempSync(join(tmpdir(), 'rr-soak-'));
const port = await freePort();
const keeper = new Keeper(port, directory);
const subject = await startSubject(directory, port);
const samples: Sample[] = [];
try {
  const traffic = new SoakTraffic(port, await keeper.prepare(), readFileSync(join(directory, 'rows.csv'), 'utf8'));
  const node = await nodeVersion(port);
  const started = Date.now();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 60_000;
  const ending = new AbortController();
  const sending = traffic.run(ending.signal);
  let ended: string | undefined;
  while (elapsed() < minutes && !ended) {
    await sleep(INTERVAL);
    try {
      samples.push(await takeSample(subject.port, subject.pid, directory, elapsed()));
    } catch {
      ended = (await subject.ended()) ?? undefined;
    }
    ended ??= await subject.ended();
    if (samples.length % 12 === 0) console.error(`${elapsed().toFixed(0)} minutes, ${describe(samples.at(-1))}`);
  }
  ending.abort();
  await sending;
  await sleep(ended ? 0 : QUIET);
  const last = ended ? undefined : await takeSample(subject.port, subject.pid, directory, elapsed());
  const code = ended ? null : await subject.stop();
  const heaps = new Map(
    HEAPS.map((program) => [
      program,
      readHeaps(directory, program).map((line) => ({ ...line, minute: (line.time - started) / 60_000 })),
    ]),
  );
  const { page, passed } = soakPage({ subject, node, minutes, warmUp, samples, heaps, last, ended, code, traffic });
  console.log(page);
  if (values.page) writeFileSync(values.page, page);
  if (!passed) process.exitCode = 1;
} finally {
  await subject.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}

function describe(sample: Sample | undefined): string {
  return sample ? `RSS ${(sample.rss / 2 ** 20).toFixed(0)} MiB, ${sample.descriptors} descriptors` : 'no sample';
}

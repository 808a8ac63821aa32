// Compares predictions of this build with those of another one, each a service of its own with a version of its own, one shortly after
// the other in many rounds: `npm run bench:versus -- OTHER/dist/app/main.js`. Prints ratios of the CPU time of a request and of the
// throughput; exits with 1 if a request takes more than 5 % more CPU time.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { median, printMachine, spreadOfQuartiles, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import { bodyOf } from './serving-rows.js';
import { cpuSeconds, type Side, startService } from './serving-sides.js';

const CONNECTIONS = 64;
const ROUNDS = 24;
/** Milliseconds of load in each round, and before the first. */
const PART = 700;
const WARM_UP = 3000;
const MAX_RATIO = 1.05;

const [other] = process.argv.slice(2);
if (other === undefined) {
  console.error('usage: npm run bench:versus -- OTHER/dist/app/main.js');
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'rr-versus-'));
const sides: Side[] = [];
const verdicts = new Verdicts();
try {
  for (const main of [undefined, resolve(other)]) {
    sides.push(await startService(join(directory, String(sides.length)), undefined, {}, main));
  }
  console.log('# This build against another\n');
  printMachine();
  console.log('| rows a request | CPU time, this / other | throughput, this / other |');
  console.log('|---:|---:|---:|');
  for (const rows of [1, 10, 100]) await compare(rows);
  console.log('\nMedians over the rounds, with quartiles.\n');
  verdicts.print();
} finally {
  for (const { process: child } of sides) {
    child.kill();
    await once(child, 'close');
  }
  rmSync(directory, { recursive: true, force: true });
}

async function compare(rows: number): Promise<void> {
  const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(rows, i * rows));
  const generators = sides.map(() => new LoadGenerator());
  const measure = async (i: number) => {
    const side = sides[i]!;
    const before = cpuSeconds(side);
    const { requests, requestsPerSecond } = await generators[i]!.run(side.port, bodies, PART);
    return { cpu: (cpuSeconds(side) - before) / requests, requestsPerSecond };
  };
  for (const [i, { port }] of sides.entries()) await generators[i]!.run(port, bodies, WARM_UP);
  const cpu: number[] = [];
  const throughput: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Whichever is first may have a disadvantage.
    const first = round % 2;
    const a = await measure(first);
    const b = await measure(1 - first);
    const [ours, theirs] = first === 0 ? [a, b] : [b, a];
    cpu.push(ours.cpu / theirs.cpu);
    throughput.push(ours.requestsPerSecond / theirs.requestsPerSecond);
  }
  for (const generator of generators) generator.close();
  console.log(`| ${rows} | ${spreadOfQuartiles(cpu, 2)} | ${spreadOfQuartiles(throughput, 2)} |`);
  verdicts.judge(
    `${rows} rows: ${median(cpu).toFixed(2)} times the CPU time, at most ${MAX_RATIO}`,
    median(cpu) <= MAX_RATIO,
  );
}

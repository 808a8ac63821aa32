// Prints training time and memory by number of rows, features, width and outputs, each in its own process, and the size from
// which TensorFlow.js with native TensorFlow is faster than the kernel: `node dist/bench/training/scale.js`. Exits with 1 if a
// target is missed. --quick measures fewer sizes. Linux.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineName } from '../../src/model/engines/load-engine.js';
import { DEFAULT_HIDDEN } from '../../src/model/network/shape.js';
import { printMachine, Verdicts } from '../tools/report.js';
import type { ScaleAnswer, ScaleTask } from './scale-process.js';
import { trainOnRows } from './training-process.js';

const quick = process.argv.includes('--quick');
const ROWS = quick ? [1e3, 1e5] : [1e3, 1e4, 1e5, 1e6, 1e7];
const FEATURES = quick ? [8, 100] : [1, 3, 8, 30, 100, 300, 1000];
const WIDTHS = quick ? [32, 128] : [8, 16, 32, 64, 128, 256, 512];
const OUTPUTS = quick ? [1, 10] : [1, 3, 10, 30, 100];
/** Up to the widest network of the service, which has fixed hidden layers and at most 10,000 columns. */
const CROSSOVER_FEATURES = quick ? [] : [8, 100, 1000, 5000, 9999];
const MILLISECONDS = quick ? 300 : 1000;
/** Maximum peak memory for ten million rows of eight features, in MiB. */
const MAX_MEMORY = 2048;
/** Maximum growth of the time per row and weight from one size to the next. */
const MAX_GROWTH = quick ? 3 : 2;
const MIB = 2 ** 20;

if (!existsSync('/proc/self/status')) {
  console.error('SKIPPED: this system has no /proc to read peak memory from');
  process.exit(0);
}
const verdicts = new Verdicts();
console.log('# Scale\n');
printMachine();
await printRows();
const base = {
  engine: 'kernel',
  inputs: 8,
  outputs: 1,
  hidden: DEFAULT_HIDDEN,
  batch: 32,
  milliseconds: MILLISECONDS,
} as const;
console.log(`\nTraining steps of batch 32, the fastest pass within ${MILLISECONDS} ms, each size in its own process.`);
await printSizes('features', FEATURES, (inputs) => ({ ...base, inputs }));
await printSizes('width of two hidden layers', WIDTHS, (width) => ({ ...base, hidden: [width, width] }));
await printSizes('outputs', OUTPUTS, (outputs) => ({ ...base, outputs }));
console.log(
  '\nThe kernel and TensorFlow.js with native TensorFlow: time of TensorFlow divided by that of the kernel. Above 1, the',
);
console.log('kernel is faster.');
await printCrossover('width of two hidden layers, 8 features', WIDTHS, (width) => ({
  ...base,
  hidden: [width, width],
}));
await printCrossover(
  `features, hidden layers of the service (${DEFAULT_HIDDEN.join(', ')})`,
  CROSSOVER_FEATURES,
  (inputs) => ({ ...base, inputs }),
);
console.log();
verdicts.print();

async function printRows(): Promise<void> {
  console.log('One epoch on rows of 8 features, in the process that trains for the server.\n');
  console.log(
    '| rows | read, s | split, s | train, s | gate, s | baseline, s | µs per row | peak memory, MiB |\n|---:|---:|---:|---:|---:|---:|---:|---:|',
  );
  const directory = mkdtempSync(join(tmpdir(), 'rr-scale-'));
  try {
    for (const rows of ROWS) {
      console.error(`${rows} rows`);
      const stage = join(directory, String(rows));
      const { peak, phases } = await trainOnRows(stage, rows, 8, 1);
      rmSync(stage, { recursive: true });
      const seconds = ['read', 'split', 'train', 'gate', 'baseline'].map((name) => phases[name]!);
      const each = (1e6 * seconds.reduce((sum, part) => sum + part, 0)) / rows;
      const figures = [...seconds.map((part) => part.toFixed(3)), each.toFixed(1), (peak / MIB).toFixed(0)];
      console.log(`| ${rows} | ${figures.join(' | ')} |`);
      if (rows === 1e7) {
        verdicts.judge(
          `${rows} rows of 8 features train in ${(peak / MIB).toFixed(0)} MiB, below ${MAX_MEMORY}`,
          peak / MIB < MAX_MEMORY,
        );
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function printSizes(name: string, sizes: readonly number[], task: (size: number) => ScaleTask): Promise<void> {
  console.log(
    `\n| ${name} | weights | µs per row | ns per row and weight | peak memory, MiB |\n|---:|---:|---:|---:|---:|`,
  );
  let previous: number | undefined;
  for (const size of sizes) {
    const answer = await run(task(size));
    if ('missing' in answer) throw new Error(answer.missing);
    const { weights, nanosecondsPerRow, peak } = answer;
    const each = nanosecondsPerRow / weights;
    console.log(
      `| ${size} | ${weights} | ${(nanosecondsPerRow / 1000).toFixed(2)} | ${each.toFixed(3)} | ${peak.toFixed(0)} |`,
    );
    if (previous !== undefined && each > MAX_GROWTH * previous) {
      verdicts.judge(
        `${name}: at ${size}, the time per row and weight is ${(each / previous).toFixed(1)} times that of the previous size, at most ${MAX_GROWTH}`,
        false,
      );
    }
    previous = each;
  }
}

/** Prints the ratios at batch sizes 32 and 256, and the size from which TensorFlow is faster. */
async function printCrossover(
  name: string,
  sizes: readonly number[],
  task: (size: number) => ScaleTask,
): Promise<void> {
  if (sizes.length === 0) return;
  const batches = [32, 256];
  console.log(`\n| ${name} | ${batches.map((batch) => `batch ${batch}`).join(' | ')} |\n|---:|---:|---:|`);
  const crossovers = batches.map((): number | undefined => undefined);
  for (const size of sizes) {
    const ratios: number[] = [];
    for (const batch of batches) {
      const times: number[] = [];
      for (const engine of ['kernel', 'tensorflow'] satisfies EngineName[]) {
        const answer = await run({ ...task(size), batch, engine });
        if ('missing' in answer) {
          console.log(`| ${size} | not measured: ${answer.missing} | |`);
          return;
        }
        times.push(answer.nanosecondsPerRow);
      }
      ratios.push(times[1]! / times[0]!);
    }
    ratios.forEach((ratio, i) => {
      if (ratio >= 1) crossovers[i] = undefined;
      else crossovers[i] ??= size;
    });
    console.log(`| ${size} | ${ratios.map((ratio) => ratio.toFixed(2)).join(' | ')} |`);
  }
  const ranges = batches.map(
    (batch, i) => `batch ${batch}: ${crossovers[i] === undefined ? 'none of these sizes' : `from ${crossovers[i]} up`}`,
  );
  console.log(`\nTensorFlow is faster: ${ranges.join('; ')}.`);
}

async function run(task: ScaleTask): Promise<ScaleAnswer> {
  console.error(
    `${task.engine}: ${task.inputs} features, ${task.hidden.join(', ')} hidden, ${task.outputs} outputs, batch ${task.batch}`,
  );
  // Ignores stdout and stderr, where TensorFlow logs details of the CPU.
  const child = fork(new URL('./scale-process.js', import.meta.url), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  child.send(task);
  const [answer] = (await once(child, 'message')) as [ScaleAnswer];
  return answer;
}

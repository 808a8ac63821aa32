// Compares epochs on California housing in the kernel with those of Keras, PyTorch and JAX, and prints Markdown:
// `node dist/bench/training/training-peers.js DIRECTORY`. Exits with 1 if a target is missed. Needs Python; frameworks that
// cannot be installed are skipped with the reason.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { install, pythonScript, versionsOf } from '../peers/peers.js';
import { newerNode } from '../tools/newer-node.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { housingDirectory, SHAPE } from './california-housing.js';
import type { EpochProfile } from './epoch-process.js';

const TURNS = 9;
const BATCHES = [32, 256];
const SEEDS = [0, 1, 2, 3, 4];
const EPOCHS = 20;
/** Rows of an epoch. */
const TRAINED_ROWS = 11_610;

interface Framework {
  readonly name: string;
  readonly script: string;
  readonly packages: readonly string[];
  /** By batch size: the minimum speed of the kernel relative to the framework, exclusive if `above`. */
  readonly targets: Readonly<Record<number, { readonly factor: number; readonly above?: true }>>;
}

const FRAMEWORKS: readonly Framework[] = [
  { name: 'Keras', script: 'keras', packages: ['keras', 'tensorflow-cpu'], targets: { 32: { factor: 50 } } },
  { name: 'PyTorch, eager', script: 'torch', packages: ['numpy', 'torch'], targets: { 32: { factor: 15 } } },
  {
    name: 'JAX, jit and scan',
    script: 'jax',
    packages: ['numpy', 'jax'],
    targets: { 32: { factor: 1, above: true }, 256: { factor: 1 } },
  },
];

/** The fields depend on the command. */
interface Answer extends EpochProfile {
  readonly seconds: number;
  readonly test_mse: number;
}

interface Side {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ask: (command: string) => Promise<Answer>;
}

const directory = resolve(housingDirectory());
const kernelProcess = fileURLToPath(new URL('./epoch-process.js', import.meta.url));
const kernels = [startSide(`kernel, Node ${process.versions.node}`, process.execPath, [kernelProcess, directory])];
const verdicts = new Verdicts();
const skipped: string[] = [];
const newer = newerNode();
if ('missing' in newer) skipped.push(`- SKIPPED: the kernel in a newer Node: ${newer.missing}`);
else kernels.push(startSide(`kernel, Node ${newer.version}`, newer.program, [kernelProcess, directory]));

const peers: [Framework, Side][] = [];
for (const framework of FRAMEWORKS) {
  const missing = install(framework.packages);
  if (missing) skipped.push(`- SKIPPED: ${framework.name}: ${missing}`);
  else
    peers.push([framework, startSide(framework.name, ...pythonScript(['training.py', framework.script, directory]))]);
}
const sides = [...kernels, ...peers.map(([, side]) => side)];

console.log('# Training against other frameworks\n');
printMachine();
console.log(
  `The command: \`node dist/bench/training/training-peers.js DIRECTORY\`. Epochs of 11,610 rows of California housing, all with`,
);
console.log(`Nadam. Each side runs in its own process, in alternating turns: ${TURNS} each, after a warm-up turn.`);
console.log(
  'The kernel and PyTorch use one thread; TensorFlow and JAX choose their number of threads. JAX leaves out the rows',
);
console.log('of an incomplete batch (26 of 11,610 at 32, 90 at 256), so that it compiles a single shape.\n');
try {
  for (const batch of BATCHES) await compare(batch);
  await printProfile(BATCHES[0]!);
  await compareErrors();
  console.log();
  for (const reason of skipped) console.log(reason);
  verdicts.print();
  if (peers.length > 0) console.log(`\n${versionsOf(peers.flatMap(([{ packages }]) => packages))}.`);
} finally {
  for (const side of sides) side.process.kill();
}

async function compare(batch: number): Promise<void> {
  const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
  for (let turn = 0; turn <= TURNS; turn++) {
    // The order alternates, so that a machine that slows down or speeds up favours no side.
    for (const side of turn % 2 === 0 ? sides : sides.toReversed()) {
      const { seconds } = await side.ask(`epoch ${batch}`);
      if (turn > 0) times.get(side)!.push(seconds);
    }
  }
  const of = (side: Side) => times.get(side)!;
  const best = kernels.at(-1)!;
  console.log(`| batch ${batch} | ms per epoch, median (best) | relative to ${best.name}, by turn |`);
  console.log('|---|---:|---|');
  for (const side of sides) {
    const ratios = of(side).map((seconds, i) => seconds / of(best)[i]!);
    const ms = (seconds: number) => (1000 * seconds).toFixed(1);
    console.log(`| ${side.name} | ${ms(median(of(side)))} (${ms(Math.min(...of(side)))}) | ${spread(ratios, 2)} |`);
    const target = peers.find(([, peer]) => peer === side)?.[0].targets[batch];
    if (!target) continue;
    const { factor, above } = target;
    verdicts.judge(
      `${side.name}, batch ${batch}: ${median(ratios).toFixed(2)} times its speed, ${above ? 'more than' : 'at least'} ${factor}`,
      above ? median(ratios) > factor : median(ratios) >= factor,
    );
  }
  console.log('');
}

/** Prints the time of the kernel by operation, and compares its matrix products with the peak rate of the CPU. */
async function printProfile(batch: number): Promise<void> {
  const side = kernels.at(-1)!;
  const { milliseconds, peak } = await side.ask(`profile ${batch}`);
  const { inputs, outputs, hidden } = SHAPE;
  const widths = [inputs, ...hidden];
  const heads = hidden.at(-1)! * (inputs + outputs);
  const weights = hidden.reduce((sum, units, i) => sum + widths[i]! * units, heads);
  const operations: Record<string, number> = {
    // Forward through all layers, and backward through all but the first.
    product: 2 * TRAINED_ROWS * (2 * weights - inputs * hidden[0]!),
    weightGradient: 2 * TRAINED_ROWS * weights,
  };
  console.log(
    `| operation of ${side.name}, batch ${batch} | ms per epoch | 10⁹ operations per second |\n|---|---:|---:|`,
  );
  const sorted = Object.entries(milliseconds).sort(([, a], [, b]) => b - a);
  for (const [name, ms] of sorted) {
    const count = operations[name];
    console.log(`| ${name} | ${ms.toFixed(2)} | ${count ? (count / ms / 1e6).toFixed(0) : ''} |`);
  }
  const all = sorted.reduce((sum, [, ms]) => sum + ms, 0);
  const actual = Object.keys(operations).reduce((sum, name) => sum + milliseconds[name]!, 0);
  const ideal = Object.values(operations).reduce((sum, count) => sum + count / peak / 1e6, 0);
  console.log(
    `\nOne core reaches ${peak.toFixed(0)} in WebAssembly (fused multiply-adds that stay in registers). At that ` +
      `rate, the matrix products and thus the epoch would take ${(actual - ideal).toFixed(1)} of ${all.toFixed(1)} ms less.\n`,
  );
}

async function compareErrors(): Promise<void> {
  console.log(`| test MSE after ${EPOCHS} epochs, batch 32, ${SEEDS.length} seeds | median | minimum to maximum |`);
  console.log('|---|---:|---|');
  const judged = new Map<Side, number>();
  for (const side of sides) {
    process.stderr.write(`${side.name}: ${SEEDS.length} trainings\n`);
    const errors: number[] = [];
    for (const seed of SEEDS) errors.push((await side.ask(`train ${seed} ${EPOCHS} 32`)).test_mse);
    console.log(
      `| ${side.name} | ${median(errors).toFixed(4)} | ${Math.min(...errors).toFixed(4)} to ${Math.max(...errors).toFixed(4)} |`,
    );
    // If both train equally well, the median of one exceeds the maximum of the other in one of twelve cases.
    judged.set(side, kernels.includes(side) ? median(errors) : Math.max(...errors));
  }
  for (const [{ name }, side] of peers) {
    verdicts.judge(
      `${name}: our median test error does not exceed its maximum`,
      judged.get(kernels.at(-1)!)! <= judged.get(side)!,
    );
  }
}

function startSide(name: string, program: string, args: readonly string[]): Side {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    process: child,
    ask: async (command) => {
      child.stdin.write(`${command}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} exited at ${command}`);
      return JSON.parse(value);
    },
  };
}

// Compares the time of the engines for forward passes and training steps, and prints Markdown:
// `node dist/bench/training/engines.js`.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { version_core } from '@tensorflow/tfjs-core';
import { loadWasmOps } from '../../src/model/engines/kernel/wasm-ops.js';
import { median, printMachine } from '../tools/report.js';
import { type Answer, type Kind, SHAPE, type Turn } from './engine-process.js';

/** Length of a turn in milliseconds, or one call if that takes longer, and number of turns per engine. */
const TURN = 20;
const TURNS = 9;
/** Length of the warm-up turn in milliseconds: TensorFlow.js takes that long to compile. */
const WARM_UP = 500;

interface Task {
  readonly name: string;
  readonly kind: Kind;
  readonly rows: number;
}

interface Competitor {
  readonly name: string;
  readonly process: ChildProcess;
}

/** Microseconds per call: median and minimum over the turns. */
interface Timing {
  readonly median: number;
  readonly best: number;
}

const TASKS: Task[] = [
  ...[1, 2, 8, 32, 256, 4096].map((rows): Task => ({ name: `forward, rows: ${rows}`, kind: 'forward', rows })),
  ...[32, 256].map((rows): Task => ({ name: `training step, batch: ${rows}`, kind: 'step', rows })),
  { name: 'epoch of 11,610 rows, batch: 32', kind: 'epoch', rows: 32 },
];

const competitors: Competitor[] = [];
const missing: string[] = [];
for (const engine of ['kernel', 'tensorflow', 'wasm', 'cpu']) {
  const child = fork(new URL('./engine-process.js', import.meta.url), [engine]);
  const [answer] = (await once(child, 'message')) as [Answer];
  if ('name' in answer) competitors.push({ name: answer.name, process: child });
  else if ('missing' in answer) missing.push(answer.missing);
}
const timings: Timing[][] = [];
for (const task of TASKS) timings.push(await measure(task));
for (const { process } of competitors) process.disconnect();

console.log('# Engines\n');
printMachine();
console.log(`TensorFlow.js ${version_core}; the kernel with ${loadWasmOps('relaxed') ? 'relaxed SIMD' : 'SIMD'}.`);
console.log(
  `Network: ${SHAPE.inputs} inputs, ${SHAPE.outputs} output, hidden layers of ${SHAPE.hidden.join(', ')} units.`,
);
console.log('Each engine runs in its own process, in alternating turns.\n');
printTable('µs per call, median turn', ({ median }) => digits(median));
printTable('µs per call, best turn', ({ best }) => digits(best));
printTable('best turn, relative to the kernel', ({ best }, kernel) => digits(best / kernel.best));
for (const reason of missing) console.log(`Not measured: ${reason}\n`);

async function measure(task: Task): Promise<Timing[]> {
  const calls: number[] = [];
  for (const competitor of competitors) calls.push(await warmUp(competitor, task));
  const turns = competitors.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, competitor] of competitors.entries()) {
      turns[i]!.push((1000 * (await milliseconds(competitor, task, calls[i]!))) / calls[i]!);
    }
  }
  return turns.map((times) => ({ median: median(times), best: Math.min(...times) }));
}

/** Doubles the number of calls until they fill the warm-up, and returns the number that fills a turn. */
async function warmUp(competitor: Competitor, task: Task): Promise<number> {
  for (let calls = 1; ; calls *= 2) {
    const elapsed = await milliseconds(competitor, task, calls);
    if (elapsed >= WARM_UP) return Math.ceil((calls * TURN) / elapsed);
  }
}

async function milliseconds({ process: child }: Competitor, { kind, rows }: Task, calls: number): Promise<number> {
  child.send({ kind, rows, calls } satisfies Turn);
  const [answer] = (await once(child, 'message')) as [Extract<Answer, { milliseconds: number }>];
  return answer.milliseconds;
}

function printTable(title: string, cell: (timing: Timing, kernel: Timing) => string): void {
  console.log(`| ${[title, ...competitors.map(({ name }) => name)].join(' | ')} |`);
  console.log(`|---|${competitors.map(() => '---:').join('|')}|`);
  TASKS.forEach(({ name }, i) => {
    console.log(`| ${[name, ...timings[i]!.map((timing) => cell(timing, timings[i]![0]!))].join(' | ')} |`);
  });
  console.log();
}

function digits(value: number): string {
  const count = value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString('en', { minimumFractionDigits: count, maximumFractionDigits: count });
}

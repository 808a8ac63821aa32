// Prints, as Markdown, what the engines need for forward passes and training steps: `node dist/bench/training/engines.js`.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { version_core } from '@tensorflow/tfjs-core';
import { loadWasmOps } from '../../src/model/engines/kernel/wasm-ops.js';
import { median, printMachine } from '../tools/report.js';
import { type Answer, type Kind, SHAPE, type Turn } from './engine-process.js';

/** Each engine has its turn, of this many milliseconds or of one call, this many times. */
const TURN = 20;
const TURNS = 9;
/** Milliseconds of each engine's first turn, which is not counted: TensorFlow.js takes that long to be compiled. */
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

/** Microseconds per call: the median over the turns, and the least. */
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
for (const engine of ['kernel', 'plain', 'tensorflow', 'wasm', 'cpu']) {
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
console.log('Each engine has a process of its own, and they take turns.\n');
printTable('µs per call, median turn', ({ median }) => digits(median));
printTable('µs per call, best turn', ({ best }) => digits(best));
printTable('best turn, in those of the kernel', ({ best }, kernel) => digits(best / kernel.best));
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

/** Doubles the calls until they fill the warm-up, and returns how many fill a turn. */
async function warmUp(competitor: Competitor, task: Task): Promise<number> {
  for (let calls = 1; ; calls *= 2) {
    const spent = await milliseconds(competitor, task, calls);
    if (spent >= WARM_UP) return Math.ceil((calls * TURN) / spent);
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

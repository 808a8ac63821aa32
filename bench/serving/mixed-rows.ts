// Prints what a mixed row takes beyond a row of as many numbers: in the encoder, and through HTTP, where two services answer in turns:
// `node dist/bench/serving/mixed-rows.js`. Exits with 1 if it is more than 5 µs.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../src/base/statistics/random.js';
import type { Column } from '../../src/model/columns/column.js';
import { fitEncodings } from '../../src/model/columns/fitting/fit-encoding.js';
import { createEncoder, type Encoder } from '../../src/model/network/encoder.js';
import { median, printMachine, spreadOfQuartiles, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import { cpuSeconds, type Side, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
const ROWS = 2000;
const TURNS = 50;
/** Microseconds that a mixed row may take beyond one of as many numbers. */
const LIMIT = quick ? 20 : 5;

/** Columns of a wide table. */
const KINDS: Readonly<Record<string, (name: string) => Column>> = {
  'numbers with gaps': (name) => ({ name, type: 'number', missing: 0.1, range: [-4, 4] }),
  'categories of 8 levels': (name) => category(name, 8),
  'categories of 60 levels': (name) => category(name, 60),
  'categories of 900 levels': (name) => category(name, 900),
  'times with three cycles': (name) => ({
    name,
    type: 'timestamp',
    missing: 0,
    unit: 'minute',
    origin: Date.UTC(2020, 0, 1),
    range: [0, 1_000_000],
  }),
};
const COLUMNS = 10;

/** Requests of one kind and size: connections, rounds, and milliseconds of load in a round and before the first. */
const CONNECTIONS = 16;
const ROUNDS = quick ? 6 : 24;
const PART = 500;
const WARM_UP = 2000;
const TRAINED_ROWS = 2000;

type Cell = number | string | boolean;
/** Columns of the tables through HTTP, `[rows]` by the number of the row. */
const MIXED: readonly ((row: number) => Cell)[] = [
  ...[3, 5, 7, 11].map((step) => (row: number) => ((row * step) % 1000) / 8),
  ...[3, 8, 60].map((levels) => (row: number) => `level ${(row * 17) % levels}`),
  (row) => row % 3 === 0,
  (row) => new Date(Date.UTC(2024, 0, 1 + (row % 365))).toISOString().slice(0, 10),
];
const NUMERIC: readonly ((row: number) => Cell)[] = MIXED.map((_, j) => (row) => ((row * (2 * j + 3)) % 1000) / 8);

const verdicts = new Verdicts();
console.log('# Encoding mixed rows\n');
printMachine();
console.log(`| columns | inputs | µs per row, median of ${TURNS} turns | of as many numbers |`);
console.log('|---|---:|---:|---:|');
for (const [kind, columnOf] of Object.entries(KINDS)) {
  const columns = Array.from({ length: COLUMNS }, (_, j) => columnOf(`c${j}`));
  const { features, targets } = draw(columns);
  const index = Int32Array.from({ length: ROWS }, (_, i) => i);
  const scaler = { mean: columns.map(() => 0), scale: columns.map(() => 1) };
  const encoded = fitEncodings(columns, { features, targets, outputs: 1 }, index);
  const [mixed, numbers] = [createEncoder(scaler, encoded), createEncoder(scaler)];
  const [own, plain] = [time(mixed, features), time(numbers, features)];
  console.log(`| ${COLUMNS} ${kind} | ${mixed.inputs} | ${own.toFixed(2)} | ${plain.toFixed(2)} |`);
  verdicts.judge(`${kind}: ${(own - plain).toFixed(2)} µs more, at most ${LIMIT}`, own - plain <= LIMIT);
}
await printRequests();
console.log();
verdicts.print();

/** Measures the same requests to a service with a mixed model and one with a model of numbers, in turns. */
async function printRequests(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rr-mixed-rows-'));
  const sides: Side[] = [];
  try {
    console.log(
      `\nThrough HTTP, ${MIXED.length} columns: four numbers, three categories, a boolean and a date against numbers alone.`,
    );
    console.log(`CPU time of the service; medians of ${ROUNDS} rounds in turns, with quartiles.\n`);
    console.log('| rows a request | µs a mixed row | µs a row of numbers | difference |\n|---:|---:|---:|---:|');
    for (const columns of [MIXED, NUMERIC]) {
      const side = await startService(join(directory, String(sides.length)));
      sides.push(side);
      await train(side, columns);
    }
    for (const rows of [1, 10, 100]) await compare(sides, rows);
  } finally {
    for (const { process: child } of sides) {
      child.kill();
      await once(child, 'close');
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

async function compare(sides: readonly Side[], rows: number): Promise<void> {
  const bodies = [MIXED, NUMERIC].map((columns) =>
    Array.from({ length: CONNECTIONS }, (_, i) => JSON.stringify({ instances: rowsOf(columns, rows, i * rows) })),
  );
  const generators = sides.map(() => new LoadGenerator());
  const measure = async (i: number): Promise<number> => {
    const before = cpuSeconds(sides[i]!);
    const { requests } = await generators[i]!.run(sides[i]!.port, bodies[i]!, PART);
    return (1e6 * (cpuSeconds(sides[i]!) - before)) / (requests * rows);
  };
  for (const [i, { port }] of sides.entries()) await generators[i]!.run(port, bodies[i]!, WARM_UP);
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    // Whichever is first may have a disadvantage.
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) times[i]!.push(await measure(i));
  }
  for (const generator of generators) generator.close();
  const [mixed, numbers] = times;
  const differences = mixed.map((time, i) => time - numbers[i]!);
  console.log(`| ${rows} | ${[mixed, numbers, differences].map((each) => spreadOfQuartiles(each, 2)).join(' | ')} |`);
  const difference = median(differences);
  verdicts.judge(
    `${rows} rows through HTTP: a mixed row takes ${difference.toFixed(2)} µs more, at most ${LIMIT}`,
    difference <= LIMIT,
  );
}

async function train({ port }: Side, columns: readonly ((row: number) => Cell)[]): Promise<void> {
  const instances = rowsOf(columns, TRAINED_ROWS, 0);
  const targets = instances.map(([first]) => Number(first));
  const response = await fetch(`http://127.0.0.1:${port}/train?wait=true&epochs=2&replace=true&promote=always`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instances, targets }),
  });
  if (response.status !== 200) throw new Error(await response.text());
  await response.arrayBuffer();
}

function rowsOf(columns: readonly ((row: number) => Cell)[], count: number, first: number): Cell[][] {
  return Array.from({ length: count }, (_, i) => columns.map((cell) => cell(first + i)));
}

function category(name: string, count: number): Column {
  const levels = Array.from({ length: count }, (_, i) => `level ${i}`);
  return { name, type: 'category', missing: 0, levels, counts: levels.map(() => 1) };
}

function draw(columns: readonly Column[]): { features: Float32Array; targets: Float32Array } {
  const random = createRandom(1);
  const features = Float32Array.from({ length: ROWS * columns.length }, (_, i) => {
    const column = columns[i % columns.length]!;
    if (random.uniform() < column.missing) return Number.NaN;
    if (column.type === 'category') return random.below(column.levels.length);
    return column.type === 'timestamp' ? random.below(column.range[1]) : random.normal();
  });
  return { features, targets: Float32Array.from({ length: ROWS }, () => random.normal()) };
}

function time(encoder: Encoder, rows: Float32Array): number {
  const to = new Float32Array(ROWS * encoder.inputs);
  const times = Array.from({ length: TURNS }, () => {
    const start = performance.now();
    encoder.encode(rows, to, ROWS);
    return (1000 * (performance.now() - start)) / ROWS;
  });
  return median(times);
}

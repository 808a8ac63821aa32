// Measures what encoding a mixed row takes beyond a row of numbers. Usage: node dist/bench/serving/mixed-rows.js
import { createRandom } from '../../src/base/statistics/random.js';
import type { Column } from '../../src/model/columns/column.js';
import { fitEncodings } from '../../src/model/columns/fitting/fit-encoding.js';
import { createEncoder, type Encoder } from '../../src/model/network/encoder.js';
import { median, printMachine, Verdicts } from '../tools/report.js';

const ROWS = 2000;
const TURNS = 50;
/** Microseconds that a mixed row may take beyond one of as many numbers. */
const LIMIT = 5;

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
console.log();
verdicts.print();

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

// Predicts a Parquet file of millions of rows with the command line, and in the same run with ONNX Runtime in Python:
// `node dist/bench/predict/file-prediction.js --rows=10000000`. ONNX_PYTHON names an interpreter that has onnxruntime, pyarrow and numpy.
// The programs take turns. Peak memory must not grow with the file. Exits with 1 if a target is missed. Linux.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parquetRead } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { builtFile } from '../../src/base/node/built-file.js';
import { createRandom } from '../../src/base/statistics/random.js';
import { printMachine, spread, Verdicts } from '../tools/report.js';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000000' }, turns: { type: 'string', default: '3' } },
});
const ROWS = Number(values.rows);
const TURNS = Number(values.turns);
const FEATURES = 8;
/** Rows of a row group, as pyarrow writes them. */
const GROUP_ROWS = 2 ** 20;
const TRAINING_ROWS = 20_000;
/** Peak memory of the command, in MiB, whatever the size of the file, and its growth with a file four times as large. */
const MAX_MEMORY = 512;
const MAX_GROWTH = 1.5;
/** Rows of a file that fills all buffers. */
const FULL_ROWS = 2e6;
/** Largest difference of a prediction, whose standard deviation is about 2. */
const TOLERANCE = 1e-3;
const MIB = 2 ** 20;

const CLI = builtFile('cli.js').pathname;
const SCRIPT = join(import.meta.dirname, '../../../bench/predict/onnx_predict.py');
const python = process.env['ONNX_PYTHON'];
const QUIET = { stdio: 'ignore' } as const;

interface Run {
  readonly seconds: number;
  readonly peak: number;
}

const directory = mkdtempSync(join(tmpdir(), 'file-prediction-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const path = (name: string) => join(directory, name);

printMachine();
await writeRows(path('rows.parquet'), ROWS);
await writeRows(path('quarter.parquet'), Math.ceil(ROWS / 4));
writeFileSync(path('train.csv'), trainingCsv());
execFileSync(
  process.execPath,
  [CLI, 'train', path('train.csv'), '--target', 'y', '--epochs', '3', '--out', path('model')],
  QUIET,
);
execFileSync(process.execPath, [CLI, 'export', '--onnx', '--model', path('model'), '--out', path('model.onnx')], QUIET);

const verdicts = new Verdicts();
const ours = (name: string) =>
  run(process.execPath, [CLI, 'predict', path(name), '--model', path('model'), '--out', path('ours.parquet')]);
const theirs = (threads: number) =>
  run(python!, [SCRIPT, path('model.onnx'), path('rows.parquet'), path('theirs.parquet'), String(threads)]);
const sides: { readonly name: string; readonly turn: () => Promise<Run>; readonly runs: Run[] }[] = [
  { name: '`reconstruction-regressor predict`', turn: () => ours('rows.parquet'), runs: [] },
];
if (python) {
  sides.push({ name: 'ONNX Runtime in Python, one thread', turn: () => theirs(1), runs: [] });
  sides.push({ name: 'ONNX Runtime in Python, all cores', turn: () => theirs(0), runs: [] });
} else
  console.log(
    'ONNX Runtime: SKIPPED: ONNX_PYTHON does not name a Python interpreter that has onnxruntime, pyarrow and numpy\n',
  );
const small = await ours('quarter.parquet');
for (let turn = 0; turn < TURNS; turn++) for (const side of sides) side.runs.push(await side.turn());

console.log(
  `Parquet, ${ROWS} rows of ${FEATURES} float64 features, to Parquet; ${TURNS} turns, median (minimum to maximum).\n`,
);
console.log('| | rows a second, thousands | peak memory, MiB |\n|---|---:|---:|');
for (const { name, runs } of sides) {
  const rate = spread(
    runs.map(({ seconds }) => ROWS / seconds / 1000),
    0,
  );
  console.log(
    `| ${name} | ${rate} | ${spread(
      runs.map(({ peak }) => peak / MIB),
      0,
    )} |`,
  );
}
const peak = Math.max(...sides[0]!.runs.map((each) => each.peak));
console.log(`\nA quarter of the rows takes ${(small.peak / MIB).toFixed(0)} MiB.\n`);
verdicts.judge(`at most ${MAX_MEMORY} MiB`, peak <= MAX_MEMORY * MIB);
if (ROWS >= 4 * FULL_ROWS) {
  verdicts.judge(`at most ${MAX_GROWTH} times the memory for four times the rows`, peak <= MAX_GROWTH * small.peak);
}
if (python) {
  const difference = await largestDifference(path('ours.parquet'), path('theirs.parquet'));
  verdicts.judge(
    `predictions within ${TOLERANCE} of those of ONNX Runtime (${difference.toExponential(1)})`,
    difference <= TOLERANCE,
  );
}
verdicts.print();

/** Runs a program. Returns its time, its start included, and its peak memory in bytes. */
async function run(program: string, args: readonly string[]): Promise<Run> {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid!));
  }, 20);
  const [code] = await once(child, 'close');
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} exited with ${code}`);
  return { seconds: (performance.now() - started) / 1000, peak };
}

function peakOf(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Rows whose target depends on all features: `[rows, FEATURES + 1]` in columns. */
function makeColumns(rows: number, random: ReturnType<typeof createRandom>): Float64Array[] {
  const columns = Array.from({ length: FEATURES + 1 }, () => new Float64Array(rows));
  for (let r = 0; r < rows; r++) {
    let target = 0;
    for (let j = 0; j < FEATURES; j++) {
      const value = random.normal();
      columns[j]![r] = 10 * j + (j + 1) * value;
      target += j % 2 === 0 ? value : Math.tanh(value);
    }
    columns[FEATURES]![r] = target;
  }
  return columns;
}

function nameOf(j: number): string {
  return j < FEATURES ? `x${j}` : 'y';
}

function trainingCsv(): string {
  const columns = makeColumns(TRAINING_ROWS, createRandom(1));
  const lines = Array.from({ length: TRAINING_ROWS }, (_, r) => columns.map((column) => column[r]!).join(','));
  return `${columns.map((_, j) => nameOf(j)).join(',')}\n${lines.join('\n')}\n`;
}

async function writeRows(file: string, rows: number): Promise<void> {
  const handle = openSync(file, 'w');
  const bytes = new ByteWriter();
  const flush = () => {
    writeSync(handle, bytes.getBytes());
    bytes.index = 0;
  };
  const schema = Array.from(
    { length: FEATURES },
    (_, j) => ({ name: nameOf(j), type: 'DOUBLE', repetition_type: 'OPTIONAL' }) as const,
  );
  const writer = new ParquetWriter({ writer: bytes, schema: [{ name: 'root', num_children: FEATURES }, ...schema] });
  const random = createRandom(2);
  for (let done = 0; done < rows; done += GROUP_ROWS) {
    const count = Math.min(GROUP_ROWS, rows - done);
    const columnData = makeColumns(count, random)
      .slice(0, FEATURES)
      .map((data, j) => ({ name: nameOf(j), data }));
    await writer.write({ columnData, rowGroupSize: count });
    flush();
  }
  await writer.finish();
  flush();
  closeSync(handle);
}

/** The largest difference between the predictions of two files. */
async function largestDifference(a: string, b: string): Promise<number> {
  const [first, second] = [await predictionsIn(a), await predictionsIn(b)];
  if (first.length !== second.length) throw new Error(`${first.length} predictions and ${second.length}`);
  return first.reduce((largest, value, i) => Math.max(largest, Math.abs(value - second[i]!)), 0);
}

async function predictionsIn(file: string): Promise<Float32Array> {
  const buffer = new Uint8Array(readFileSync(file)).buffer;
  const found = new Float32Array(ROWS);
  await parquetRead({
    file: buffer,
    columns: ['y'],
    onChunk: ({ columnData, rowStart }) => found.set(columnData as unknown as ArrayLike<number>, rowStart),
  });
  return found;
}

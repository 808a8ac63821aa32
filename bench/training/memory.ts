import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printMachine, Verdicts } from '../tools/report.js';
import { trainOnRows } from './training-process.js';

// Measures how much more memory training on a million rows takes than on a thousand, relative to the size of the data.
// Usage: node dist/bench/training/memory.js (Linux)

const FEATURES = 8;
const ROWS = 1_000_000;
const FEW_ROWS = 1000;
const EPOCHS = 2;
/** Maximum additional memory, as a multiple of the size of the data. */
const MAX_RATIO = 4;
const MIB = 2 ** 20;

if (!existsSync('/proc/self/status')) {
  console.error('SKIPPED: this system has no /proc to read peak memory from');
  process.exit(0);
}
const directory = mkdtempSync(join(tmpdir(), 'rr-memory-'));
try {
  const data = ROWS * (FEATURES + 1) * Float32Array.BYTES_PER_ELEMENT;
  const few = (await trainOnRows(join(directory, 'few'), FEW_ROWS, FEATURES, EPOCHS)).peak;
  const many = (await trainOnRows(join(directory, 'many'), ROWS, FEATURES, EPOCHS)).peak;
  const ratio = (many - few) / data;
  console.log('# Memory of a training\n');
  printMachine();
  console.log('| rows | peak memory of the training process, MiB |');
  console.log('|---|---|');
  console.log(`| ${FEW_ROWS} | ${(few / MIB).toFixed(0)} |`);
  console.log(`| ${ROWS} | ${(many / MIB).toFixed(0)} |`);
  console.log();
  const verdicts = new Verdicts();
  verdicts.judge(
    `${ROWS} rows take ${ratio.toFixed(2)} times the ${(data / MIB).toFixed(1)} MiB of the data more, below ${MAX_RATIO}`,
    ratio < MAX_RATIO,
  );
  verdicts.print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

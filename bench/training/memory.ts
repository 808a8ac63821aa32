import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printMachine, Verdicts } from '../tools/report.js';
import { trainOnRows } from './training-process.js';

// Peak memory of the process that trains on a million rows, beyond that of one that trains on a thousand, against the
// size of the data. Usage: node dist/bench/training/memory.js (Linux)

const FEATURES = 8;
const ROWS = 1_000_000;
const FEW_ROWS = 1000;
const EPOCHS = 2;
/** Peak memory over size of the data that is allowed. */
const LIMIT = 4;
const MIB = 2 ** 20;

if (!existsSync('/proc/self/status')) {
  console.error('SKIPPED: peak memory is read from /proc, which this system does not have');
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
    `${ROWS} rows take ${ratio.toFixed(2)} times the data's ${(data / MIB).toFixed(1)} MiB more, below ${LIMIT}`,
    ratio < LIMIT,
  );
  verdicts.print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../src/model/random.js';
import { TableWriter } from '../src/model/table.js';
import type { TrainerMessage, TrainingRequest } from '../src/model/trainer.js';
import { DEFAULT_TRAINING } from '../src/model/training.js';
import { printMachine } from './report.js';

// Peak memory of the process that trains on a million rows, beyond that of one that trains on a thousand, against the
// size of the data. Usage: node dist/bench/memory.js (Linux)

const FEATURES = 8;
const ROWS = 1_000_000;
const FEW_ROWS = 1000;
const EPOCHS = 2;
/** Peak memory over size of the data that is allowed. */
const LIMIT = 4;
const MIB = 2 ** 20;
/** Loaded before the trainer: prints the peak resident memory with the process's last breath. */
const PRINT_PEAK = `data:text/javascript,
  import { readFileSync, writeSync } from 'node:fs';
  process.on('exit', () => writeSync(1, readFileSync('/proc/self/status')));`;

if (!existsSync('/proc/self/status')) {
  console.error('SKIPPED: peak memory is read from /proc, which this system does not have');
  process.exit(0);
}
const directory = mkdtempSync(join(tmpdir(), 'rr-memory-'));
try {
  const data = ROWS * (FEATURES + 1) * Float32Array.BYTES_PER_ELEMENT;
  const few = await peakMemory(join(directory, 'few'), FEW_ROWS);
  const many = await peakMemory(join(directory, 'many'), ROWS);
  const ratio = (many - few) / data;
  printMachine();
  console.log('| rows | peak memory of the training process, MiB |');
  console.log('|---|---|');
  console.log(`| ${FEW_ROWS} | ${(few / MIB).toFixed(0)} |`);
  console.log(`| ${ROWS} | ${(many / MIB).toFixed(0)} |`);
  console.log(
    `\nThe difference is ${ratio.toFixed(2)} times the data's ${(data / MIB).toFixed(1)} MiB; ${LIMIT} is too much.`,
  );
  if (ratio >= LIMIT) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Trains in the process that the server uses, and gives its peak resident memory in bytes. */
async function peakMemory(stage: string, rows: number): Promise<number> {
  writeTable(join(stage, 'table'), rows);
  const child = fork(new URL('../bundle/app/trainer-process.js', import.meta.url), {
    execArgv: ['--import', PRINT_PEAK],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const request: TrainingRequest = { stage, engine: 'kernel', options: { ...DEFAULT_TRAINING, epochs: EPOCHS } };
  let status = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    status += text;
  });
  let done = false;
  child.on('message', (message: TrainerMessage) => {
    done ||= message.type === 'done';
  });
  child.send(request);
  await once(child, 'close');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (!done || !kilobytes) throw new Error(`the training on ${rows} rows did not end well`);
  return Number(kilobytes) * 1024;
}

function writeTable(path: string, rows: number): void {
  const features = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
  const writer = new TableWriter(path, { features, targets: ['y'] });
  const random = createRandom(1);
  for (let row = 0; row < rows; row++) writer.add(() => random.normal());
  writer.finish();
}

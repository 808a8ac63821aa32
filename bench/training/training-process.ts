// Trains on synthetic rows in the process that the server uses, and reports time and peak memory. Linux only.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Phases } from '../../src/base/node/phase-clock.js';
import { createRandom } from '../../src/base/statistics/random.js';
import { TableWriter } from '../../src/model/tables/table-file.js';
import type { TrainerMessage, TrainingRequest } from '../../src/model/training/process/trainer-messages.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';

/** Preloaded into the trainer: prints the process status, with the peak resident memory, at exit. */
const PRINT_PEAK = `data:text/javascript,
  import { readFileSync, writeSync } from 'node:fs';
  process.on('exit', () => writeSync(1, readFileSync('/proc/self/status')));`;

/** Peak resident memory in bytes, and the seconds of each phase. */
export interface TrainingCost {
  readonly peak: number;
  readonly phases: Phases;
}

export async function trainOnRows(
  stage: string,
  rows: number,
  features: number,
  epochs: number,
): Promise<TrainingCost> {
  writeTable(join(stage, 'table'), rows, features);
  const child = fork(new URL('../../app/trainer-process.js', import.meta.url), {
    execArgv: ['--import', PRINT_PEAK],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const request: TrainingRequest = {
    stage,
    engine: 'kernel',
    options: { ...DEFAULT_TRAINING, epochs, trials: 1 },
    gate: { promote: 'gate', tolerance: 0.05, serving: null },
  };
  let status = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    status += text;
  });
  let phases: Phases | undefined;
  child.on('message', (message: TrainerMessage) => {
    if (message.type === 'done') phases = message.phases;
  });
  child.send(request);
  await once(child, 'close');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (!phases || !kilobytes) throw new Error(`the training on ${rows} rows failed`);
  return { peak: Number(kilobytes) * 1024, phases };
}

function writeTable(path: string, rows: number, width: number): void {
  const features = Array.from({ length: width }, (_, i) => `x${i}`);
  const writer = new TableWriter(path, { features, targets: ['y'] });
  const random = createRandom(1);
  for (let row = 0; row < rows; row++) writer.add(() => random.normal());
  writer.finish();
}

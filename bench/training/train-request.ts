// Prints the time of each phase of a `POST /train` to the real server: California housing as CSV, 20 epochs.
// Usage: node dist/bench/training/train-request.js [directory of california-housing.csv]. Exits with 1 if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../serving/serving-sides.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { HOUSING_FILE, housingDirectory } from './california-housing.js';

const quick = process.argv.includes('--quick');
const TURNS = quick ? 3 : 9;
const EPOCHS = 20;
/** Maximum times, in seconds. */
const MAX_TOTAL = quick ? 4 : 1.5;
const MAX_START = quick ? 0.8 : 0.3;

/** Descriptions of the phases of a job. */
const PHASES: Readonly<Record<string, string>> = {
  receive: 'the server: receive, parse, write the table',
  start: 'the child process: start, load its code',
  read: 'the child: load the kernel, read the table',
  split: 'the child: split, fit the scalers, scale',
  train: 'the child: train and evaluate every epoch',
  gate: 'the child: compare with the serving version, or with the mean',
  baseline: 'the child: make the drift baseline, calibrate its charts',
  write: 'the child: write the version, each file flushed',
  exit: 'the child: exit',
  publish: 'the server: publish, remove the stage',
  swap: 'the server: read, verify, swap',
};

interface Reply {
  readonly seconds: number;
  readonly rows: number;
  readonly epoch: number;
  readonly phases: Readonly<Record<string, number>>;
}

const csv = readFileSync(join(housingDirectory(), HOUSING_FILE));
const directory = mkdtempSync(join(tmpdir(), 'rr-train-'));
const service = await startService(directory);
try {
  await train();
  const turns: { total: number; reply: Reply }[] = [];
  for (let i = 0; i < TURNS; i++) {
    console.error(`training ${i + 1} of ${TURNS}`);
    turns.push(await train());
  }
  const { rows } = turns[0]!.reply;
  console.log('# One POST /train\n');
  printMachine();
  console.log(`${rows} rows of CSV, ${EPOCHS} epochs, batch 32, the default network; ${TURNS} requests after a`);
  console.log('warm-up request. Medians, with minimum and maximum in brackets, as reported by the job.\n');
  console.log('| phase | milliseconds |\n|---|---:|');
  const milliseconds = (of: (turn: (typeof turns)[number]) => number) =>
    spread(
      turns.map((turn) => 1000 * of(turn)),
      0,
    );
  for (const [name, description] of Object.entries(PHASES)) {
    console.log(`| ${name}: ${description} | ${milliseconds(({ reply }) => reply.phases[name]!)} |`);
  }
  const rest = ({ total, reply }: (typeof turns)[number]) =>
    total - Object.values(reply.phases).reduce((sum, seconds) => sum + seconds, 0);
  console.log(`| rest: the request before its first phase, and the reply | ${milliseconds(rest)} |`);
  console.log(`| **total, as measured by the client** | ${milliseconds(({ total }) => total)} |\n`);
  const verdicts = new Verdicts();
  const total = median(turns.map((turn) => turn.total));
  const start = median(turns.map(({ reply }) => reply.phases['start']!));
  verdicts.judge(
    `POST /train of ${rows} rows, ${EPOCHS} epochs: ${total.toFixed(2)} s, below ${MAX_TOTAL}`,
    total < MAX_TOTAL,
  );
  verdicts.judge(`start of the child: ${(1000 * start).toFixed(0)} ms, below ${1000 * MAX_START}`, start < MAX_START);
  verdicts.print();
} finally {
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function train(): Promise<{ total: number; reply: Reply }> {
  const query = `target=MedHouseVal&epochs=${EPOCHS}&patience=${EPOCHS}&replace=true&wait=true`;
  const started = performance.now();
  const response = await fetch(`http://127.0.0.1:${service.port}/train?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv,
  });
  const text = await response.text();
  const total = (performance.now() - started) / 1000;
  if (response.status !== 200) throw new Error(text);
  const reply = JSON.parse(text) as Reply;
  if (reply.epoch !== EPOCHS) throw new Error(`expected ${EPOCHS} epochs, got ${reply.epoch}`);
  return { total, reply };
}

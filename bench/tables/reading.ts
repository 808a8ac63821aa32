// Prints how long a CSV of a million rows of 8 numbers takes to become a table: `node dist/bench/tables/reading.js`. With the path of
// another build's `dist`, it compares both in turns, in processor time, and exits with 1 if this one takes more than 1.2 times as
// long.
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { csvToTable } from '../../src/model/tables/csv/csv-table.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';

const ROWS = Number(process.env['ROWS'] ?? 1_000_000);
const ROUNDS = 3;
const MAX_RATIO = 1.2;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'y'];

type ToTable = (source: AsyncIterable<Uint8Array>, directory: string, targets: string[]) => Promise<{ rows: number }>;

const directory = mkdtempSync(join(tmpdir(), 'rr-reading-'));
const path = join(directory, 'numbers.csv');
try {
  await pipeline(Readable.from(lines()), createWriteStream(path));
  const sides: [name: string, read: ToTable][] = [['this build', csvToTable]];
  const other = process.argv[2];
  if (other !== undefined) {
    const module = pathToFileURL(resolve(other, 'src/model/tables/csv/csv-table.js')).href;
    sides.push(['the other build', ((await import(module)) as { csvToTable: ToTable }).csvToTable]);
  }
  const seconds = sides.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, read]] of sides.entries()) seconds[i]!.push(await timed(read));
  }
  console.log('# Reading a CSV\n');
  printMachine();
  console.log(`${ROWS} rows of ${NAMES.length} numbers, ${ROUNDS} rounds in turns.\n`);
  console.log('| | processor seconds |\n|---|---:|');
  for (const [i, [name]] of sides.entries()) console.log(`| ${name} | ${spread(seconds[i]!, 1)} |`);
  const [own, others] = seconds;
  if (own && others) {
    const ratio = median(own) / median(others);
    const verdicts = new Verdicts();
    verdicts.judge(`${ratio.toFixed(2)} times the other build, at most ${MAX_RATIO}`, ratio <= MAX_RATIO);
    console.log();
    verdicts.print();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function timed(read: ToTable): Promise<number> {
  const table = mkdtempSync(join(directory, 'table-'));
  const before = process.cpuUsage();
  const { rows } = await read(createReadStream(path, { highWaterMark: 2 ** 20 }), table, ['y']);
  const { user, system } = process.cpuUsage(before);
  rmSync(table, { recursive: true });
  if (rows !== ROWS) throw new Error(`expected ${ROWS} rows, got ${rows}`);
  return (user + system) / 1e6;
}

function* lines(): Generator<string> {
  yield `${NAMES.join()}\n`;
  for (let row = 0; row < ROWS; row += 1000) {
    const chunk: string[] = [];
    for (let i = row; i < row + 1000; i++)
      chunk.push(NAMES.map((_, j) => (1000 * Math.sin(i * (j + 1))).toFixed(4)).join());
    yield `${chunk.join('\n')}\n`;
  }
}

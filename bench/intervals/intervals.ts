// Trains the real service on 20 random splits of tables that Python packages ship, predicts the test rows with their intervals
// at three levels, compares these with MAPIE's around scikit-learn's trees, and prints docs/intervals-benchmark.md:
// `TABLES_PYTHON=python3 node dist/bench/intervals/intervals.js > docs/intervals-benchmark.md`. `--quick` runs four small
// tables with four splits each, names run these tables, and `--splits=N` sets the splits of each. Exits with 1 if a target is missed.
// Without a Python that has the packages, it is skipped.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TABLES, type Table } from '../tables/catalogue.js';
import { pythonOrSkip, splitTable } from '../tables/python.js';
import { type TableService, withService } from '../tables/table-service.js';
import { command, printMachine, Verdicts } from '../tools/report.js';
import { type Covered, coverage, coverageByFifths, meanWidth } from './coverage.js';

/** Targets: the mean coverage differs from the level by at most this… */
const MAX_DIFFERENCE = 0.01;
/** …no fifth of a table with at least this many rows is covered less than the level by more… */
const FIFTH_ROWS = 2000;
const MAX_SHORTFALL = 0.07;
/** …and on at least this share of the tables, the mean width is at most MAPIE's. */
const MIN_NARROWER = 0.5;

/** As in peers.py. */
const LEVELS = [0.8, 0.9, 0.95] as const;

/** Tables of some thousand rows at most, and of enough for a level of 0.95: each is trained on 20 times. */
const LEFT_OUT = [
  'linnerud',
  'mtcars',
  'deliveries',
  'hotel rates',
  'storms',
  'wages',
  'diamonds',
  'movies',
  'flights, nyc',
];
const QUICK = ['tips', 'penguins', 'concrete', 'sacramento'];

const quick = process.argv.includes('--quick');
const SPLITS = Number(process.argv.find((each) => each.startsWith('--splits='))?.slice(9) ?? (quick ? 4 : 20));

/** What peers.py prints of a table. `coverage` and `width` are by level. */
interface Splits {
  readonly rows: number;
  readonly splits: readonly {
    /** Of the test rows. */
    readonly targets: readonly number[];
    readonly mapie: { readonly coverage: readonly number[]; readonly width: readonly number[] };
  }[];
}

/** What a level of a table shows. */
interface Measured {
  readonly level: number;
  /** Means over the splits. */
  readonly coverage: number;
  readonly width: number;
  readonly mapieCoverage: number;
  readonly mapieWidth: number;
  /** Standard error of `coverage` over the splits. */
  readonly error: number;
  /** Of all test rows. */
  readonly fifths: readonly number[];
}

interface Result {
  readonly table: Table;
  readonly rows: number;
  /** One for each level; undefined where the service refused it, since it takes more rows. */
  readonly levels: readonly (Measured | undefined)[];
  /** Seconds of a training, the mean. */
  readonly seconds: number;
}

const packages = pythonOrSkip('intervals', ['mapie']);
if (packages) {
  const names = process.argv.slice(2).filter((each) => !each.startsWith('--'));
  const chosen = TABLES.filter(({ name }) => {
    if (names.length > 0) return names.includes(name);
    return quick ? QUICK.includes(name) : !LEFT_OUT.includes(name);
  });
  const results: Result[] = [];
  await withService(async (service, directory) => {
    for (const table of chosen) {
      results.push(await measure(service, table, directory));
      console.error(lines(results.at(-1)!).join('\n'));
    }
  });
  print(results, packages);
}

async function measure(service: TableService, table: Table, directory: string): Promise<Result> {
  const made = await splitTable<Splits>('intervals/peers.py', table, SPLITS, directory);
  const found = LEVELS.map((): Covered[][] => []);
  let seconds = 0;
  for (const [i, { targets }] of made.splits.entries()) {
    seconds += (await service.train(table.target, readFileSync(join(directory, `train-${i}.csv`)))) / SPLITS;
    const csv = readFileSync(join(directory, `test-${i}.csv`));
    for (const [l, level] of LEVELS.entries()) {
      const reply = await service.predict(csv, `?interval=${level}`).catch((error: Error) => {
        if (!error.message.includes('LEVEL_UNAVAILABLE')) throw error;
        console.error(error.message);
        return undefined;
      });
      if (!reply) continue;
      found[l]!.push(
        targets.map((target, row) => {
          const [low, high] = reply.intervals![row]![0]!;
          return { prediction: reply.predictions[row]![0]!, target, low: low!, high: high! };
        }),
      );
    }
  }
  const levels = LEVELS.map((level, l): Measured | undefined => {
    if (found[l]!.length < SPLITS) return undefined;
    const shares = found[l]!.map(coverage);
    return {
      level,
      coverage: mean(shares),
      width: mean(found[l]!.map(meanWidth)),
      mapieCoverage: mean(made.splits.map(({ mapie }) => mapie.coverage[l]!)),
      mapieWidth: mean(made.splits.map(({ mapie }) => mapie.width[l]!)),
      error: standardError(shares),
      fifths: coverageByFifths(found[l]!.flat()),
    };
  });
  return { table, rows: made.rows, levels, seconds };
}

function print(results: readonly Result[], packages: string): void {
  const verdicts = new Verdicts();
  console.log('# Coverage of prediction intervals\n');
  printMachine();
  console.log(`${packages}. The command: \`TABLES_PYTHON=… ${command('dist/bench/intervals/intervals.js')}\`.\n`);
  console.log(`Each table is split at random into 75 % and 25 % of its rows, ${SPLITS} times, and sent as it is:
\`POST /train?target=…\` with the defaults, then \`POST /predict?interval=…\` with the test rows. *Coverage* is the share of the
test rows whose target is within the interval; ± is its standard error over the splits. *Width* is the mean difference of the
two bounds, in units of the target. *Fifths* are the coverages of the test rows with the smallest predictions, the next ones,
and so on to the largest. MAPIE finds its intervals around scikit-learn's HistGradientBoostingRegressor, on the same rows: it fits to
three quarters of the training rows, and takes its scores from the rest, as its documentation has it. A ratio of widths below 1 is in favour
of the service.
`);
  console.log(
    '| table | rows | level | coverage | fifths | MAPIE: coverage | width | MAPIE: width | width / MAPIE | seconds |',
  );
  console.log('|---|---:|---:|---:|---|---:|---:|---:|---:|---:|');
  for (const result of results) for (const each of lines(result)) console.log(each);
  console.log('');
  for (const [l, level] of LEVELS.entries()) {
    const measured = results.flatMap(({ levels }) => levels[l] ?? []);
    if (measured.length === 0) continue;
    const covered = mean(measured.map((each) => each.coverage));
    verdicts.judge(
      `mean coverage at ${level}: ${covered.toFixed(3)}, within ${MAX_DIFFERENCE} of it`,
      Math.abs(covered - level) <= MAX_DIFFERENCE,
    );
    const large = results.filter(({ rows, levels }) => rows >= FIFTH_ROWS && levels[l]);
    const lowest = large
      .map(({ table, levels }) => ({ name: table.name, share: Math.min(...levels[l]!.fifths) }))
      .toSorted((a, b) => a.share - b.share)[0];
    if (lowest) {
      verdicts.judge(
        `lowest coverage of a fifth at ${level}, of ${large.length} tables of at least ${FIFTH_ROWS.toLocaleString('en')} rows: ` +
          `${lowest.share.toFixed(3)} (${lowest.name}), at least ${(level - MAX_SHORTFALL).toFixed(2)}`,
        lowest.share >= level - MAX_SHORTFALL,
      );
    }
    const narrower = measured.filter(({ width, mapieWidth }) => width <= mapieWidth).length;
    verdicts.judge(
      `tables whose mean width at ${level} is at most MAPIE's: ${narrower} of ${measured.length}, at least half`,
      narrower >= MIN_NARROWER * measured.length,
    );
  }
  verdicts.print();
}

/** One for each level. */
function lines({ table, rows, levels, seconds }: Result): string[] {
  return levels.map((each, l) => {
    const head = [l === 0 ? table.name : '', l === 0 ? rows.toLocaleString('en') : '', LEVELS[l]!];
    if (!each) return `| ${head.join(' | ')} | refused: too few rows${' |'.repeat(7)}`;
    const cells = [
      ...head,
      `${each.coverage.toFixed(3)} ± ${each.error.toFixed(3)}`,
      each.fifths.map((share) => share.toFixed(2)).join(', '),
      each.mapieCoverage.toFixed(3),
      figure(each.width),
      figure(each.mapieWidth),
      (each.width / each.mapieWidth).toFixed(2),
      l === 0 ? seconds.toFixed(1) : '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

/** Three digits, or all digits before the point. */
function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

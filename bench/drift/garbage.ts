// Measures how soon rare garbage raises an alarm, and how seldom quiet rows do, on several tables, and prints Markdown.
// Usage: npm run bench:drift, or node dist/bench/drift/garbage.js [directory of california-housing.csv] [--quick]
// --only=name tries the tables of that name; --guards prints only the section on the guards' charts alone.
import { parseArgs } from 'node:util';
import { createRandom, shuffle } from '../../src/base/statistics/random.js';
import { type HeldOut, makeBaseline, rangesOf } from '../../src/model/baseline/baseline.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { Predictor, predictAll } from '../../src/model/network/predictor.js';
import { train } from '../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';
import { median } from '../tools/report.js';
import { housingDirectory } from '../training/california-housing.js';
import { GarbageStream, ONE_IN } from './garbage-stream.js';
import { garbageTables, type Table } from './garbage-tables.js';
import { printGuardAlarms } from './guard-alarms.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    guards: { type: 'boolean', default: false },
  },
});
const SPLITS = flags.quick ? 3 : 8;
/** Streams with garbage for each split, column and value. */
const STREAMS = 1;
/** Quiet streams of `QUIET_ROWS` rows for each split. */
const QUIET_STREAMS = flags.quick ? 2 : 6;
const QUIET_ROWS = 10_000;
const GARBAGE = [2 ** 31, -32768, 1e12, 1e38];
const QUIET_BEFORE = 1000;
const MAX_ROWS = 10_000;
/** A median above it misses the target. */
const TARGET_ROWS = 1000;
/** Quiet streams with an alarm, by the setting: at most 10,000 rows of 100,000; more of them that are likelier than `CHANCE` are chance. */
const QUIET_SHARE = 0.1;
const CHANCE = 0.025;
const EPOCHS = 20;

interface Outcome {
  /** Rows from the first row of the garbage's time to the alarm, by value; infinite without one. */
  readonly delays: Map<number, number[]>;
  /** The same if the guards' charts raised none. */
  readonly without: Map<number, number[]>;
  quietStreams: number;
  /** Quiet streams with an alarm of any kind, and with one of the guards' charts. */
  quietAlarms: number;
  guardAlarms: number;
}

const createEngine = await loadEngine('kernel');
const only = flags.only;
const tables = garbageTables(housingDirectory(positionals[0])).filter(({ name }) => !only || name.includes(only));
const outcomes = new Map<Table, Outcome>();
for (const table of flags.guards ? [] : tables) {
  const outcome: Outcome = { delays: new Map(), without: new Map(), quietStreams: 0, quietAlarms: 0, guardAlarms: 0 };
  for (let split = 0; split < SPLITS; split++) await trySplit(table, split, outcome);
  outcomes.set(table, outcome);
  console.error(`${table.name}, ${table.heldOut} held out: done`);
}
if (!flags.guards) print();
const alone = tables.filter(
  ({ largePool }, i) => largePool && tables.findIndex(({ name }) => name === tables[i]!.name) === i,
);
if (printGuardAlarms(alone, flags.quick)) process.exitCode = 1;

async function trySplit({ rows, names, heldOut, largePool }: Table, seed: number, outcome: Outcome): Promise<void> {
  const random = createRandom(1000 + seed);
  const d = names.length - 1;
  const order = Int32Array.from(rows.keys());
  shuffle(order, random);
  const seen = order.subarray(0, 5 * heldOut);
  const features = (index: Int32Array) => Float32Array.from([...index].flatMap((r) => rows[r]!.slice(0, d)));
  const targets = Float32Array.from(seen, (r) => rows[r]![d]!);
  const target = [names[d]!];
  const ranges = rangesOf(targets, 1);
  const options = { ...DEFAULT_TRAINING, epochs: EPOCHS, patience: EPOCHS, validation_split: 0.2, seed };
  const data = { rows: seen.length, features: features(seen), targets };
  const trained = await train(createEngine, data, d, target, options);
  const { rows: count, features: held, outputs, errors } = trained.heldOut;
  const baseline = makeBaseline({ count, rows: held, outputs, errors }, names.slice(0, d), target, seed, ranges);
  const predictor = new Predictor(createEngine(trained.shape, trained.weights), trained.scalers);
  const predict = (pool: Float32Array): HeldOut => ({
    count: pool.length / d,
    rows: pool,
    ...predictAll(predictor, pool, pool.length / d),
  });
  const quiet = predict(features(order.subarray(seen.length)));
  for (let j = 0; j < d; j++) {
    for (const value of GARBAGE) {
      const garbage = predict(quiet.rows.map((number, at) => (at % d === j ? value : number)));
      for (let i = 0; i < STREAMS; i++) {
        const stream = new GarbageStream(baseline, random);
        stream.send(quiet, QUIET_BEFORE, quiet);
        stream.forget();
        const { first, other } = stream.send(quiet, MAX_ROWS, garbage);
        push(outcome.delays, value, first);
        push(outcome.without, value, other);
      }
    }
  }
  for (let i = 0; i < QUIET_STREAMS && largePool; i++) {
    const { first, guards } = new GarbageStream(baseline, random).send(quiet, QUIET_ROWS, quiet);
    outcome.quietStreams++;
    outcome.quietAlarms += Number(Number.isFinite(first));
    outcome.guardAlarms += Number(Number.isFinite(guards));
  }
  predictor.close();
}

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function print(): void {
  console.log('\n## Rare garbage: rows until an alarm\n');
  console.log(
    `${flags.quick ? 'Printed with `--quick`. ' : ''}One row in ${ONE_IN} has a value that no sensor sends, in one column; each column in turn, ${SPLITS} splits. Medians of the rows ` +
      `from then on to the first alarm, in streams of at most ${MAX_ROWS} rows; in brackets, the same without the charts of the ` +
      'guards. A prediction that is not finite is refused, as in the service: for 1e38, there is no other test.\n',
  );
  const label = (value: number) => {
    if (value === 2 ** 31) return '2^31';
    return Math.abs(value) < 1e6 ? String(value) : value.toExponential().replace('e+', 'e');
  };
  console.log(
    `| | held-out rows | ${GARBAGE.map(label).join(' | ')} | later than ${TARGET_ROWS} rows | medians below ${TARGET_ROWS} |`,
  );
  console.log(`|---|---:|${GARBAGE.map(() => '---:|').join('')}---:|---|`);
  let missed = false;
  for (const [{ name, heldOut }, { delays, without }] of outcomes) {
    const isReached = GARBAGE.every((value) => median(delays.get(value)!) < TARGET_ROWS);
    missed ||= !isReached;
    const cells = GARBAGE.map((value) => {
      const rows = median(delays.get(value)!);
      return `${show(rows)} (${show(median(without.get(value)!))})`;
    });
    const all = [...delays.values()].flat();
    const late = all.filter((rows) => rows > TARGET_ROWS).length / all.length;
    console.log(
      `| ${name} | ${heldOut} | ${cells.join(' | ')} | ${(100 * late).toFixed(0)} % | ${verdict(isReached)} |`,
    );
  }
  console.log('\n## Rare garbage: false alarms\n');
  console.log(
    `Share of streams of ${QUIET_ROWS} rows without garbage that raise an alarm of any kind, and one of the guards' charts. ` +
      'The setting allows 10 % and 0.5 %. Small tables have too few other rows to draw from. "Reached": by chance, as many ' +
      'streams or more have an alarm of any kind in at least 2.5 % of cases.\n',
  );
  console.log("| | held-out rows | streams | any alarm | the guards' charts | |");
  console.log('|---|---:|---:|---:|---:|---|');
  for (const [{ name, heldOut, largePool }, { quietStreams: all, quietAlarms, guardAlarms }] of outcomes) {
    if (!largePool) continue;
    const share = (alarms: number) => `${((100 * alarms) / all).toFixed(1)} %`;
    const isReached = chanceOf(quietAlarms, all) >= CHANCE;
    missed ||= !isReached;
    console.log(
      `| ${name} | ${heldOut} | ${all} | ${share(quietAlarms)} | ${share(guardAlarms)} | ${verdict(isReached)} |`,
    );
  }
  if (missed) process.exitCode = 1;
}

function verdict(isReached: boolean): string {
  return isReached ? 'reached' : '**missed**';
}

/** The probability that at least `alarms` of `streams` have an alarm, if the setting is kept. */
function chanceOf(alarms: number, streams: number): number {
  let term = (1 - QUIET_SHARE) ** streams;
  let fewer = 0;
  for (let k = 0; k < alarms; k++) {
    fewer += term;
    term *= ((streams - k) / (k + 1)) * (QUIET_SHARE / (1 - QUIET_SHARE));
  }
  return 1 - fewer;
}

function show(rows: number): string {
  return Number.isFinite(rows) ? String(Math.round(rows)) : 'none';
}

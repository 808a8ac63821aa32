// Measures the comparison of prediction errors by feedback, and the expected errors without labels, on California housing.
// Prints a section of docs/drift-benchmark.md. Usage: node dist/bench/drift/label-drift.js, with the directory of
// california-housing.csv in CALIFORNIA_DIR and, to compare with NannyML, a Python interpreter that has it in NANNYML_PYTHON.
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { housingDirectory } from '../training/california-housing.js';
import { EXPECTED_ROWS, type ExpectedTrial, tryExpectedErrors } from './expected-errors.js';
import { makeSplit, readHousing } from './housing.js';
import { BETWEEN_FALSE_ALARMS, countAlarms, labelDelays, labelledPool, labelStreams } from './label-streams.js';
import { estimateByNannyMl, type NannyMl } from './nannyml.js';

const SPLITS = 3;
const WINDOWS = 2;
const QUIET_ROWS = 200_000;
const DELAY_STREAMS = 20;

interface Tried extends ExpectedTrial {
  readonly heldOut: number;
  /** NannyML's estimate. */
  readonly other: number | undefined;
}

const createEngine = await loadEngine('kernel');
const housing = readHousing(housingDirectory());
const trials: Tried[] = [];
const alarms = new Map<string, { alarms: number; share: number }>();
const delays = new Map<string, number[]>();
let nannyMl: NannyMl = { skipped: '' };
for (let number = 0; number < SPLITS; number++) {
  const split = await makeSplit(createEngine, housing, number);
  const heldOut = split.baseline.prediction_errors!.targets[0]!.rmse;
  const tried = tryExpectedErrors(split, number, WINDOWS);
  nannyMl = estimateByNannyMl(split, tried);
  const others = 'rmse' in nannyMl ? nannyMl.rmse : [];
  trials.push(...tried.map((trial, i) => ({ ...trial, heldOut, other: others[i] })));
  const streams = labelStreams(labelledPool(split));
  const quiet = streams.quiet.get('independent rows')!;
  for (const [name, stream] of streams.quiet) {
    const former = alarms.get(name) ?? { alarms: 0, share: 0 };
    const { alarms: raised, share } = countAlarms(split, stream, QUIET_ROWS, number);
    alarms.set(name, { alarms: former.alarms + raised, share: former.share + share / SPLITS });
  }
  for (const [name, stream] of streams.changes) {
    delays.set(name, [...(delays.get(name) ?? []), ...labelDelays(split, quiet, stream, DELAY_STREAMS, number)]);
  }
  split.close();
  console.error(`split ${number + 1} of ${SPLITS}`);
}
printErrors();
printExpected();

function printErrors(): void {
  console.log('## Prediction errors by feedback\n');
  console.log(
    `Labelled rows of ${SPLITS} splits, compared with the 5,000 held-out rows of each; ${BETWEEN_FALSE_ALARMS} rows ` +
      `between false alarms, windows of 31 to 500 rows. This section and the next are printed by ` +
      '`node dist/bench/drift/label-drift.js`.\n',
  );
  console.log(
    '| without a change | labelled rows | alarms | allowed | share of the rows in alarm |\n|---|---:|---:|---:|---:|',
  );
  const rows = SPLITS * QUIET_ROWS;
  for (const [name, { alarms: raised, share }] of alarms) {
    const allowed = (rows / BETWEEN_FALSE_ALARMS).toFixed(0);
    console.log(`| ${name} | ${rows} | ${raised} | ${allowed} | ${share.toFixed(4)} |`);
  }
  console.log('\n| change | median delay, labelled rows | noticed within 5,000 |\n|---|---:|---:|');
  for (const [name, all] of delays) {
    const median = all.toSorted((a, b) => a - b)[all.length >> 1]!;
    const noticed = all.filter(Number.isFinite).length / all.length;
    console.log(`| ${name} | ${Number.isFinite(median) ? median : '-'} | ${noticed.toFixed(2)} |`);
  }
}

function printExpected(): void {
  console.log('\n## The expected error without labels\n');
  console.log(
    `The RMSE of windows of ${EXPECTED_ROWS} rows, ${WINDOWS} of each shift, feature and split, as \`GET /drift\` expects it ` +
      `from the rows alone, and as it is. "Off by" is the mean distance from the true RMSE, over the windows for which there ` +
      'is an estimate: of the estimate, of the RMSE on held-out rows (what one believes without an estimate), and of ' +
      `NannyML's direct loss estimation${'version' in nannyMl ? ` (${nannyMl.version})` : ''} on the same windows. The last ` +
      "column is NannyML's where this service gives no estimate.\n",
  );
  if ('skipped' in nannyMl) console.log(`**SKIPPED: NannyML.** ${nannyMl.skipped}\n`);
  const head = ['shift', 'estimated', 'true RMSE', 'expected', 'off by', 'held-out off by', 'NannyML off by'];
  console.log(`| ${[...head, 'in the interval', 'NannyML off by, not estimated'].join(' | ')} |`);
  console.log(`|---|${'---:|'.repeat(head.length + 1)}`);
  const names = Array.from(new Set(trials.map(({ shift }) => shift)));
  for (const name of names)
    printRow(
      name,
      trials.filter(({ shift }) => shift === name),
    );
  printRow('**all**', trials);
}

function printRow(name: string, all: readonly Tried[]): void {
  const estimated = all.filter(({ expected }) => expected);
  const rest = all.filter(({ expected }) => !expected);
  const mean = (of: readonly Tried[], figure: (trial: Tried) => number | undefined) => {
    const figures = of.map(figure);
    const sum = figures.reduce<number>((total, one) => total + (one ?? Number.NaN), 0);
    return of.length > 0 && Number.isFinite(sum) ? (sum / of.length).toFixed(3) : '-';
  };
  const off = (value: number | undefined, { truth }: Tried) =>
    value === undefined ? undefined : Math.abs(value - truth);
  const cells = [
    (estimated.length / all.length).toFixed(2),
    mean(estimated, ({ truth }) => truth),
    mean(estimated, ({ expected }) => expected!.estimate),
    mean(estimated, (trial) => off(trial.expected!.estimate, trial)),
    mean(estimated, (trial) => off(trial.heldOut, trial)),
    mean(estimated, (trial) => off(trial.other, trial)),
    mean(estimated, ({ expected, truth }) => Number(truth >= expected!.low && truth <= expected!.high)),
    mean(rest, (trial) => off(trial.other, trial)),
  ];
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}

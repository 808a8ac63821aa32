// Measures the false alarms and the power of the drift monitor on California housing, compared with rules in common use, and
// prints Markdown. Exits with 1 if a target is missed.
// Usage: npm run --silent bench:drift > docs/drift-benchmark.md, with the directory of california-housing.csv in CALIFORNIA_DIR.
// --quick takes a minute and gives rough figures. `npm run bench:dependence` then adds its section to the page.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { housingDirectory } from '../training/california-housing.js';
import { measureCost } from './cost.js';
import { makeSplit, readHousing } from './housing.js';
import { printPage } from './page.js';
import { drawPower } from './picture.js';
import { Results } from './results.js';
import { type BenchShift, benchShifts, shuffled } from './shifts.js';
import { delays, falseAlarmShare } from './streams.js';
import { verdicts } from './targets.js';
import { WindowTrial } from './windows.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, picture: { type: 'string' } },
});
/** Splits with competitors, with shifts, and in total. Windows of one split are similar, so many splits are needed. */
const COMPETITOR_SPLITS = 5;
const SHIFTED_SPLITS = flags.quick ? 5 : 20;
const SPLITS = flags.quick ? 8 : 40;
/** Windows per split, size and control; windows per split, size and shift; streams per split. */
const QUIET_WINDOWS = flags.quick ? 40 : 100;
const SHIFTED_WINDOWS = flags.quick ? 8 : 40;
const QUIET_STREAMS = flags.quick ? 4 : 10;
const DELAY_STREAMS = flags.quick ? 8 : 40;
const QUIET_SIZES = [50, 100, 250, 500, 1000];
const SIZES = [100, 250, 500];
/** The picture omits rules with a higher false alarm rate, because their power is meaningless. */
const MAX_FALSE_ALARMS = 0.05;
const CONTROLS = ['nothing', 'labels only'];

const directory = housingDirectory(positionals[0]);
const started = performance.now();
// Measured first, while V8 has only compiled the code for this monitor, as in a service.
const cost = measureCost();
const housing = readHousing(directory);
const createEngine = await loadEngine('kernel');
const results = new Results();
for (let split = 0; split < SPLITS; split++) {
  await trySplit(split);
  console.error(`split ${split + 1} of ${SPLITS}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
const outcome = verdicts(results, cost);
printPage(results, cost, outcome, {
  controls: CONTROLS,
  quietSizes: QUIET_SIZES,
  sizes: SIZES,
  splits: SPLITS,
  shiftedSplits: SHIFTED_SPLITS,
  competitorSplits: COMPETITOR_SPLITS,
  columns: housing.names,
});
if (flags.picture) writeFileSync(flags.picture, drawPower(results, SIZES, MAX_FALSE_ALARMS));
if (outcome.some(({ missed }) => missed)) process.exitCode = 1;

/** Draws a split and runs all trials on it; trials of shifts only on the first splits. */
async function trySplit(number: number): Promise<void> {
  const split = await makeSplit(createEngine, housing, number);
  const trial = new WindowTrial(split, number < COMPETITOR_SPLITS);
  for (const size of QUIET_SIZES) {
    for (const [i, control] of CONTROLS.entries()) {
      const tries = trial.tryQuiet(size, QUIET_WINDOWS, 1000 * i + number);
      results.quiet.push({ split: number, size, control, tries });
    }
  }
  const share = falseAlarmShare(split, QUIET_STREAMS, number);
  results.streams.push({ split: number, count: QUIET_STREAMS, share });
  if (number < SHIFTED_SPLITS) {
    for (const shift of benchShifts(split)) {
      for (const [i, tries] of trial.tryShift(shift, SIZES, SHIFTED_WINDOWS, number).entries()) {
        results.shifted.push({ split: number, size: SIZES[i]!, shift, tries });
      }
      if (!isTimed(shift)) continue;
      results.delays.push({ split: number, shift, rows: delays(split, shift, DELAY_STREAMS, number) });
    }
    const plain = new WindowTrial(split, false);
    for (const [j, column] of split.names.entries()) {
      const [tries] = plain.tryShift(shuffled(column, j), [250], SHIFTED_WINDOWS, number);
      results.shuffled.push({ split: number, size: 250, column, tries: tries! });
    }
  }
  split.close();
}

/** Returns whether the delay of this shift is measured. */
function isTimed({ kind, name }: BenchShift): boolean {
  return kind === 'correlation' || kind === 'contraction' || name.endsWith(': mean + 0.5 sd');
}

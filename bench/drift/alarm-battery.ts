// Makes 30 changes to the columns of six data sets, one at a time, and judges what the drift monitor says at the moment of its alarm:
// whether it names the right column first, and whether each of its sentences is true. Prints Markdown, and exits with 1 if a
// target is missed.
// Usage: npm run --silent bench:drift-words, with the directory of california-housing.csv in CALIFORNIA_DIR.
// --seeds=2 takes twice as many splits. --failures lists what was wrong on standard error.
import { parseArgs } from 'node:util';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { housingDirectory } from '../training/california-housing.js';
import { COLUMN_CHANGES } from './battery/changes.js';
import { isPassed, printBattery } from './battery/page.js';
import { batteryTables } from './battery/tables.js';
import { type Trial, tryChange } from './battery/trial.js';
import { makeSplit } from './housing.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    failures: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
  },
});
const SEEDS = Number(flags.seeds);
const FIRST = Number(flags.first);
/** A column with fewer distinct values has no spread to change, and nothing to round. */
const FEW_VALUES = 12;

const createEngine = await loadEngine('kernel');
const results: { title: string; trials: Trial[] }[] = [];
for (const table of batteryTables(housingDirectory(positionals[0]))) {
  const trials: Trial[] = [];
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const [training, reference] = [Math.floor(0.4 * table.rows), Math.floor(0.3 * table.rows)];
    const sizes = { training, reference, test: table.rows - training - reference };
    const split = await makeSplit(createEngine, table, seed, sizes);
    table.names.forEach((_, j) => {
      const values = new Set(table.features.filter((_, at) => at % table.names.length === j));
      for (const change of COLUMN_CHANGES) {
        if (!change.ofFew && values.size < FEW_VALUES) continue;
        const trial = tryChange(split, change, j, 1000 * seed + j);
        if (trial) trials.push(trial);
      }
    });
    split.close();
  }
  results.push({ title: table.title, trials });
  console.error(`${table.title}: ${trials.length} trials, ${Math.round(performance.now() / 1000)} s`);
  if (flags.failures) listFailures(table.title, trials);
}
printBattery(results, COLUMN_CHANGES);
if (!isPassed(results)) process.exitCode = 1;

function listFailures(title: string, trials: readonly Trial[]): void {
  for (const { change, column, delay, atAlarm, inWindow } of trials) {
    for (const [where, verdict] of [
      ['alarm', atAlarm],
      ['window', inWindow],
    ] as const) {
      if (!verdict) continue;
      const place = `${title} | ${where} after ${delay} | ${change.name} of ${column}`;
      if (!verdict.named)
        console.error(`NAMED ${place}: ${verdict.first}${verdict.namedWithPartner ? ' (partner)' : ''}`);
      for (const { column: of, words, judgement } of verdict.sentences) {
        if (judgement !== 'right') console.error(`${judgement.toUpperCase()} ${place}: ${of}: ${words}`);
      }
    }
    if (!atAlarm) console.error(`NO ALARM ${title} | ${change.name} of ${column}`);
  }
}

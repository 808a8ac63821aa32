import { printMachine } from '../tools/report.js';
import { BONFERRONI_RULE } from './column-rules.js';
import type { Cost, Timing } from './cost.js';
import type { Estimate } from './estimate.js';
import { EPOCHS, REFERENCE_ROWS, TEST_ROWS, TRAINING_ROWS } from './housing.js';
import type { Results } from './results.js';
import { MAX_STANDARD_ERRORS, type Verdict } from './targets.js';
import { OURS } from './windows.js';

/** The extent of the trials. */
export interface Protocol {
  readonly controls: readonly string[];
  readonly quietSizes: readonly number[];
  readonly sizes: readonly number[];
  readonly splits: number;
  readonly shiftedSplits: number;
  readonly competitorSplits: number;
  readonly columns: readonly string[];
}

/** Prints the results as Markdown. */
export function printPage(results: Results, cost: Cost, verdicts: readonly Verdict[], protocol: Protocol): void {
  const { controls, quietSizes, sizes, splits, shiftedSplits, competitorSplits, columns } = protocol;
  const rules = results.rules;
  console.log('# Drift benchmark\n');
  console.log('Printed by `npm run bench:drift`, with the directory of california-housing.csv in `CALIFORNIA_DIR`.\n');
  printMachine();
  console.log(
    `California housing: ${TRAINING_ROWS} training rows (${EPOCHS} epochs), ${REFERENCE_ROWS} rows held out for the ` +
      `baseline, and ${TEST_ROWS} others, from which windows are drawn without replacement. False alarms are measured over ` +
      `${splits} random splits, shifts over the first ${shiftedSplits} of them. A shift of one feature is applied to ` +
      'each feature in turn. Rows reach the monitor through `observe`, as in the service. Windows have a nominal false ' +
      'alarm probability of 1 %. ± is one standard error over splits.\n',
  );
  printTable(
    ['', 'target', 'figure', ''],
    verdicts.map(({ line }) => line),
  );
  console.log(
    `"reached": the figure meets its target. "off, within chance": it is worse by at most ${MAX_STANDARD_ERRORS} ` +
      'standard errors, which this number of splits cannot distinguish from the target. "missed": it is worse by more, and ' +
      'the script exits with 1.\n',
  );

  console.log('## False alarms: share of windows without drift\n');
  printTable(
    ['', ...quietSizes.map((n) => `n = ${n}`)],
    [
      ...controls.map((control) =>
        row(`${OURS}, control: ${control}`, quietSizes, (n) => results.falseAlarms(n, OURS, control)),
      ),
      ...rules.slice(1).map((rule) => row(rule, quietSizes, (n) => results.falseAlarms(n, rule))),
    ],
  );
  console.log(
    `Labels do not reach the monitor: the second control repeats the first with other random windows. Here and below, the ` +
      `other rules were tried on ${competitorSplits} splits.\n`,
  );

  console.log('## Power: mean over the 24 shifts\n');
  printTable(
    ['', ...sizes.map((n) => `n = ${n}`)],
    rules.map((rule) => row(rule, sizes, (n) => results.power(n, rule))),
  );
  console.log(
    'The power of a rule with many false alarms, see above, is meaningless. The joint calibration (Westfall and Young, by ' +
      'double bootstrap) shows the gain if the thresholds of a group took the dependence of its tests into account.\n',
  );

  console.log('## Power: share of windows with an alarm, by shift\n');
  printTable(
    ['', ...sizes.map((n) => `n = ${n}`), ...sizes.map((n) => `K-S, n = ${n}`)],
    results.shiftNames().map((name) => {
      const cells = [OURS, BONFERRONI_RULE.name].flatMap((rule) =>
        sizes.map((n) => results.power(n, rule, (shift) => shift.name === name).value.toFixed(2)),
      );
      return `| ${[name, ...cells].join(' | ')} |`;
    }),
  );

  console.log('## Power: each column shuffled\n');
  printTable(
    ['', 'n = 250'],
    columns.map((name) => row(name, [250], () => results.powerOfShuffled(name))),
  );

  console.log('## First named feature: share of windows with an alarm in which it is correct\n');
  printTable(
    ['', ...sizes.map((n) => `n = ${n}`)],
    results
      .shiftNames('shifted', ({ ofOne }) => ofOne)
      .map((name) => {
        const cells = sizes.map((n) => results.topCause(({ shift, size }) => shift.name === name && size === n));
        return `| ${[name, ...cells.map(({ value }) => (Number.isNaN(value) ? '-' : value.toFixed(2)))].join(' | ')} |`;
      }),
  );

  console.log('## Cost\n');
  const times = ({ median, best }: Timing, unit: string) => `${median.toFixed(2)} ${unit} | ${best.toFixed(2)} ${unit}`;
  printTable(
    ['', 'median', 'best'],
    [
      `| observing a row, 8 features, requests of 100 rows | ${times(cost.batched, 'µs')} |`,
      `| observing a row, 8 features, requests of 1 row | ${times(cost.single, 'µs')} |`,
      `| one report, 50 features | ${times(cost.report, 'ms')} |`,
      `| state as JSON, 50 features, every minute and hour in use | ${(cost.state / 1024).toFixed(0)} KiB | |`,
      `| growth of the heap per row between tests of windows | ${cost.allocated.toFixed(2)} bytes | |`,
    ],
  );
}

function row(name: string, sizes: readonly number[], figure: (n: number) => Estimate): string {
  const cells = sizes.map((n) => {
    const { value, error } = figure(n);
    return `${value.toFixed(3)} ± ${error.toFixed(3)}`;
  });
  return `| ${[name, ...cells].join(' | ')} |`;
}

function printTable(header: readonly string[], rows: readonly string[]): void {
  console.log(`| ${header.join(' | ')} |`);
  console.log(
    `|---|${header
      .slice(1)
      .map((name) => (name === 'target' || name === '' ? '---|' : '---:|'))
      .join('')}`,
  );
  for (const line of rows) console.log(line);
  console.log();
}

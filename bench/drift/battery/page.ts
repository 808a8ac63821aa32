import type { ColumnChange } from './changes.js';
import type { Trial, Verdict } from './trial.js';

export interface BatteryResult {
  readonly title: string;
  readonly trials: readonly Trial[];
}

const MIN_NAMED = 0.9;
const MIN_NAMED_WITH_PARTNER = 0.95;
const MIN_RIGHT = 0.95;

/** Shares of verdicts and of sentences. */
interface Figures {
  readonly alarms: number;
  readonly named: number;
  readonly namedWithPartner: number;
  readonly cause: number;
  readonly sentences: number;
  readonly right: number;
  readonly opposite: number;
}

/** Returns whether all targets are reached at the moment of the alarm. */
export function isPassed(results: readonly BatteryResult[]): boolean {
  const { named, namedWithPartner, right, opposite } = figures(results.flatMap(({ trials }) => trials));
  return named >= MIN_NAMED && namedWithPartner >= MIN_NAMED_WITH_PARTNER && right >= MIN_RIGHT && opposite === 0;
}

/** Prints the results as a section of docs/drift-benchmark.md. */
export function printBattery(results: readonly BatteryResult[], changes: readonly ColumnChange[]): void {
  const all = results.flatMap(({ trials }) => trials);
  const total = figures(all);
  const window = figures(all, 'inWindow');
  const line = (name: string, target: string, at: number, later: number, digits = 3) =>
    `| ${name} | ${target} | ${at.toFixed(digits)} | ${later.toFixed(digits)} |`;
  console.log('## What an alarm says\n');
  console.log('Printed by `npm run bench:drift-words`.\n');
  console.log(
    `${all.length} changes of one column, one at a time, in ${results.length} data sets, each after 1,000 to 1,500 rows without ` +
      `drift: ${total.alarms} raised an alarm within 3,000 rows. Each part of a sentence is judged by what was done to the column: shares and ` +
      'intervals by the share of all changed rows, factors and steps by the change itself. A sentence is right if all of its ' +
      'parts are true and one of them says what was done.\n',
  );
  console.log('|  | target | at the moment of the alarm | second window after the change |\n|---|---|---:|---:|');
  console.log(line('the right column first', `at least ${MIN_NAMED}`, total.named, window.named));
  const partner = `at least ${MIN_NAMED_WITH_PARTNER}`;
  console.log(line('it or its closest partner first', partner, total.namedWithPartner, window.namedWithPartner));
  console.log(`| the channel in \`cause\` is the right column | | ${total.cause.toFixed(3)} | |`);
  console.log(line('sentences that are right', `at least ${MIN_RIGHT}`, total.right, window.right));
  console.log(line('sentences that say the opposite', '0', total.opposite, window.opposite, 0));
  console.log();
  printTable(
    'data set',
    results.map(({ title, trials }) => [title, trials]),
  );
  printTable(
    'change',
    changes.map((change) => [change.name, all.filter((trial) => trial.change === change)]),
  );
}

function printTable(head: string, rows: readonly (readonly [string, readonly Trial[]])[]): void {
  console.log(
    `| ${head} | alarms | median delay in rows | right column first | with its partner | sentences right | in the window |`,
  );
  console.log('|---|---:|---:|---:|---:|---:|---:|');
  for (const [name, trials] of rows) {
    const { alarms, named, namedWithPartner, right } = figures(trials);
    const delays = trials.map(({ delay }) => delay ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    const delay = delays[Math.floor(delays.length / 2)] ?? Number.NaN;
    const later = figures(trials, 'inWindow').right;
    const shares = [named, namedWithPartner, right, later].map((share) =>
      Number.isNaN(share) ? '-' : share.toFixed(2),
    );
    const cells = [`${alarms} of ${trials.length}`, Number.isFinite(delay) ? delay : '> 3000', ...shares];
    console.log(`| ${[name, ...cells].join(' | ')} |`);
  }
  console.log();
}

function figures(trials: readonly Trial[], where: 'atAlarm' | 'inWindow' = 'atAlarm'): Figures {
  const alarmed = trials.filter((trial) => trial[where] !== undefined);
  const verdicts = alarmed.map((trial) => trial[where]!);
  const sentences = verdicts.flatMap((verdict) => verdict.sentences);
  const share = (of: (verdict: Verdict, i: number) => boolean) => verdicts.filter(of).length / verdicts.length;
  return {
    alarms: verdicts.length,
    named: share(({ named }) => named),
    namedWithPartner: share(({ namedWithPartner }) => namedWithPartner),
    cause: share(({ cause }, i) => cause === alarmed[i]!.column),
    sentences: sentences.length,
    right: sentences.filter(({ judgement }) => judgement === 'right').length / sentences.length,
    opposite: sentences.filter(({ judgement }) => judgement === 'opposite').length,
  };
}

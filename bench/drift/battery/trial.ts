import { createRandom } from '../../../src/base/statistics/random.js';
import type { AlarmEvidence } from '../../../src/drift/monitor/alarm-evidence.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import type { WindowReport } from '../../../src/drift/monitor/report.js';
import { columnOf, type Split } from '../housing.js';
import { Pool } from '../pool.js';
import type { ColumnChange } from './changes.js';
import { correlated } from './correlation.js';
import { type Judgement, judge, type Truth } from './judge.js';

/** One change of one column, and what the reports said. */
export interface Trial {
  readonly change: ColumnChange;
  readonly column: string;
  /** Rows from the change to the alarm; undefined without one. */
  readonly delay: number | undefined;
  /** Undefined without an alarm. */
  readonly atAlarm: Verdict | undefined;
  /** The second window after the change, which it fills. Undefined if that raised no alarm. */
  readonly inWindow: Verdict | undefined;
}

export interface Verdict {
  readonly first: string;
  readonly named: boolean;
  /** Whether the first column is the right one, or the one that is most correlated with it. */
  readonly namedWithPartner: boolean;
  /** Of the changed column, if it has words, then of the others. */
  readonly sentences: readonly { readonly column: string; readonly words: string; readonly judgement: Judgement }[];
  /** The channel that the alarm names. */
  readonly cause: string | undefined;
}

const QUIET_ROWS = 1000;
const WINDOW_ROWS = 500;
const MAX_ROWS = 3000;

/** Makes a change to column `j` of a stream of test rows, and judges the reports of a monitor as in the service. */
export function tryChange(split: Split, change: ColumnChange, j: number, seed: number): Trial | undefined {
  const { names, summaries, baseline, test } = split;
  const d = names.length;
  const random = createRandom(seed);
  const rows = test.slice();
  change.change(rows, summaries, j, random);
  const before = columnOf(test, d, j);
  const now = columnOf(rows, d, j);
  // Some changes leave some columns as they are.
  if (before.every((value, r) => value === now[r])) return undefined;
  const quiet = new Pool(split.predict(test), random);
  const changed = new Pool(predictFilled(split, rows), random);
  const truthOf = (i: number): Truth => ({
    before: columnOf(test, d, i).sort(),
    now: columnOf(rows, d, i).sort(),
    min: baseline.features[i]!.min,
    max: baseline.features[i]!.max,
    deviation: summaries[i]!.deviation,
    isChanged: i === j,
  });
  const partner = names[correlated(test, d, j).index]!;

  let raised = '';
  const monitor = new DriftMonitor(baseline, {
    clock: () => 0,
    onEvent: ({ type, group }) => {
      if (type === 'raised') raised ||= group;
    },
  });
  const send = (pool: Pool, count: number) => {
    for (let i = 0; i < count; i++) {
      const row = pool.next(1);
      monitor.observe(row.rows, 1, row.outputs, row.errors);
      if (raised) return i + 1;
    }
    return undefined;
  };
  const start = QUIET_ROWS + random.below(WINDOW_ROWS);
  // A false alarm before the change says nothing about the change.
  do {
    monitor.reset();
    raised = '';
  } while (send(quiet, start) !== undefined);
  const delay = send(changed, MAX_ROWS);
  const group = monitor.report().groups.find((one) => one.group === raised);
  const judgeColumns = (columns: AlarmEvidence['columns'], count: number, cause?: string): Verdict => {
    const features = columns.filter(({ kind }) => kind === 'feature');
    const said = features.filter(({ words, name }) => words !== '' || name === names[j]);
    const first = features[0]!.name;
    return {
      first,
      named: first === names[j],
      namedWithPartner: first === names[j] || first === partner,
      sentences: said
        .map(({ name, words }) => ({
          column: name,
          words,
          judgement: judge(words, count, change, truthOf(names.indexOf(name))),
        }))
        .sort((a, b) => Number(b.column === names[j]) - Number(a.column === names[j])),
      cause,
    };
  };
  const atAlarm = group?.evidence
    ? judgeColumns(group.evidence.columns, group.evidence.rows, group.cause?.name)
    : undefined;
  let window: WindowReport | undefined;
  if (delay !== undefined) {
    const left = 2 * WINDOW_ROWS - ((start + delay) % WINDOW_ROWS);
    for (let r = 0; r < left; r++) {
      const row = changed.next(1);
      monitor.observe(row.rows, 1, row.outputs, row.errors);
    }
    window = monitor.report().windows[0]!;
  }
  return {
    change,
    column: names[j]!,
    delay,
    atAlarm,
    inWindow: window?.verdict === 'drift' ? judgeColumns(window.columns, window.rows) : undefined,
  };
}

/** Predicts rows as the service does with `ON_MISSING=mean`: missing values are predicted from the mean, and remain missing. */
function predictFilled(split: Split, rows: Float32Array) {
  const d = split.names.length;
  const filled = rows.map((value, at) => (Number.isNaN(value) ? split.summaries[at % d]!.mean : value));
  return { ...split.predict(filled), rows };
}

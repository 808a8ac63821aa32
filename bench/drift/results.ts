import { median } from '../tools/report.js';
import { type Estimate, estimate } from './estimate.js';
import type { BenchShift } from './shifts.js';
import { OURS, type Tries } from './windows.js';

interface Record {
  readonly split: number;
  readonly size: number;
  readonly tries: Tries;
}
type ShiftFilter = (shift: BenchShift) => boolean;

/** The results of all splits. */
export class Results {
  readonly quiet: (Record & { readonly control: string })[] = [];
  readonly shifted: (Record & { readonly shift: BenchShift })[] = [];
  /** Trials with one column shuffled. */
  readonly shuffled: (Record & { readonly column: string })[] = [];
  readonly delays: { readonly split: number; readonly shift: BenchShift; readonly rows: readonly number[] }[] = [];
  /** Per split: streams of 10,000 rows, and the share of them with a false alarm. */
  readonly streams: { readonly split: number; readonly count: number; readonly share: number }[] = [];

  /** Names of all rules, this monitor first. */
  get rules(): string[] {
    return [...new Set(this.quiet.flatMap(({ tries }) => [...tries.alarms.keys()]))];
  }

  /** Names of the controls, which have no drift. */
  get controls(): string[] {
    return [...new Set(this.quiet.map(({ control }) => control))];
  }

  /** Returns the names of the shifts, or of those whose delay was measured. */
  shiftNames(of: 'shifted' | 'delays' = 'shifted', matches: ShiftFilter = () => true): string[] {
    return [...new Set(this[of].filter(({ shift }) => matches(shift)).map(({ shift }) => shift.name))];
  }

  falseAlarms(size: number, rule = OURS, control?: string): Estimate {
    return rate(
      this.quiet.filter((one) => one.size === size && (control === undefined || one.control === control)),
      rule,
    );
  }

  power(size: number, rule = OURS, matches: ShiftFilter = () => true): Estimate {
    return rate(
      this.shifted.filter((one) => one.size === size && matches(one.shift)),
      rule,
    );
  }

  powerOfShuffled(column: string): Estimate {
    return rate(
      this.shuffled.filter((one) => one.column === column),
      OURS,
    );
  }

  /** Returns the share of streams with a false alarm. */
  falseAlarmInStream(): Estimate {
    const streams = this.streams.reduce((sum, { count }) => sum + count, 0);
    return estimate(
      this.streams.map(({ share }) => share),
      streams,
    );
  }

  /** Returns the median over all streams, with the standard error of the medians by split. */
  delay(name: string): Estimate {
    const streams = this.delays.filter(({ shift }) => shift.name === name);
    return {
      value: median(streams.flatMap(({ rows }) => rows)),
      error: estimate(streams.map(({ rows }) => median(rows))).error,
    };
  }

  /** Returns the share of alarms after a shift of one feature whose report names that feature first. */
  topCause(matches: (record: { shift: BenchShift; size: number }) => boolean = () => true): Estimate {
    const trials = this.shifted.filter((one) => one.shift.ofOne && matches(one));
    const perSplit = bySplit(trials).map((own) => {
      const named = own.reduce((sum, { tries }) => sum + tries.named, 0);
      return own.reduce((sum, { tries }) => sum + tries.right, 0) / named;
    });
    return estimate(perSplit);
  }
}

/** Returns the mean alarm rate of a rule over the records in which it was tried. */
function rate(records: readonly Record[], rule: string): Estimate {
  const tried = records.filter(({ tries }) => tries.alarms.has(rule));
  const perSplit = bySplit(tried).map(
    (own) => own.reduce((sum, { tries }) => sum + tries.alarms.get(rule)! / tries.windows, 0) / own.length,
  );
  return estimate(
    perSplit,
    tried.reduce((sum, { tries }) => sum + tries.windows, 0),
  );
}

function bySplit<T extends { readonly split: number }>(records: readonly T[]): T[][] {
  return [...new Set(records.map(({ split }) => split))].map((split) => records.filter((one) => one.split === split));
}

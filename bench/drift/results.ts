import { median } from '../tools/report.js';
import { type Estimate, estimate } from './estimate.js';
import type { BenchShift } from './shifts.js';
import { OURS, type Tries } from './windows.js';

interface Record {
  readonly split: number;
  readonly size: number;
  readonly tries: Tries;
}
type IsOne = (shift: BenchShift) => boolean;

/** What the splits have shown. */
export class Results {
  readonly quiet: (Record & { readonly control: string })[] = [];
  readonly shifted: (Record & { readonly shift: BenchShift })[] = [];
  /** Single columns shuffled. */
  readonly shuffled: (Record & { readonly column: string })[] = [];
  readonly delays: { readonly split: number; readonly shift: BenchShift; readonly rows: readonly number[] }[] = [];
  /** Per split: streams of 10,000 rows, and the share of them with a false alarm. */
  readonly streams: { readonly split: number; readonly count: number; readonly share: number }[] = [];

  /** All rules that were tried, this monitor first. */
  get rules(): string[] {
    return [...new Set(this.quiet.flatMap(({ tries }) => [...tries.alarms.keys()]))];
  }

  /** What was tried without drift. */
  get controls(): string[] {
    return [...new Set(this.quiet.map(({ control }) => control))];
  }

  /** The names of the shifts, or of those whose delay was measured. */
  shiftNames(of: 'shifted' | 'delays' = 'shifted', isOne: IsOne = () => true): string[] {
    return [...new Set(this[of].filter(({ shift }) => isOne(shift)).map(({ shift }) => shift.name))];
  }

  falseAlarms(size: number, rule = OURS, control?: string): Estimate {
    return rate(
      this.quiet.filter((one) => one.size === size && (control === undefined || one.control === control)),
      rule,
    );
  }

  power(size: number, rule = OURS, isOne: IsOne = () => true): Estimate {
    return rate(
      this.shifted.filter((one) => one.size === size && isOne(one.shift)),
      rule,
    );
  }

  powerOfShuffled(column: string): Estimate {
    return rate(
      this.shuffled.filter((one) => one.column === column),
      OURS,
    );
  }

  /** The share of streams with a false alarm. */
  falseAlarmInStream(): Estimate {
    const streams = this.streams.reduce((sum, { count }) => sum + count, 0);
    return estimate(
      this.streams.map(({ share }) => share),
      streams,
    );
  }

  /** The median over all streams; its error is that of the splits' medians. */
  delay(name: string): Estimate {
    const found = this.delays.filter(({ shift }) => shift.name === name);
    return {
      value: median(found.flatMap(({ rows }) => rows)),
      error: estimate(found.map(({ rows }) => median(rows))).error,
    };
  }

  /** Of alarms after a shift of one feature, the share whose report names it first. */
  topCause(isOne: (record: { shift: BenchShift; size: number }) => boolean = () => true): Estimate {
    const found = this.shifted.filter((one) => one.shift.ofOne && isOne(one));
    const perSplit = bySplit(found).map((own) => {
      const named = own.reduce((sum, { tries }) => sum + tries.named, 0);
      return own.reduce((sum, { tries }) => sum + tries.right, 0) / named;
    });
    return estimate(perSplit);
  }
}

/** The rule's mean rate of alarms over the records in which it was tried. */
function rate(records: readonly Record[], rule: string): Estimate {
  const found = records.filter(({ tries }) => tries.alarms.has(rule));
  const perSplit = bySplit(found).map(
    (own) => own.reduce((sum, { tries }) => sum + tries.alarms.get(rule)! / tries.windows, 0) / own.length,
  );
  return estimate(
    perSplit,
    found.reduce((sum, { tries }) => sum + tries.windows, 0),
  );
}

function bySplit<T extends { readonly split: number }>(records: readonly T[]): T[][] {
  return [...new Set(records.map(({ split }) => split))].map((split) => records.filter((one) => one.split === split));
}

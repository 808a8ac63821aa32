import type { Baseline } from '../../model/baseline/baseline.js';
import { cycleOf, effectivePeriods, MIN_PERIODS } from '../../model/baseline/features/cycles.js';
import type { RequestRows } from './row-counter.js';
import { rowIndex } from './row-counter.js';

/** Counts over how many days, weeks or years the rows of a window are spread, for each cycle of a timestamp. */
export class CycleCoverage {
  private readonly cycles: readonly {
    /** Of the cycle, which is also the index of its feature, and of its timestamp. */
    readonly channel: number;
    readonly column: number;
    readonly period: (code: number) => number;
    readonly periods: Map<number, number>;
  }[];
  private readonly width: number;

  constructor({ features }: Baseline) {
    let column = 0;
    this.width = features.length;
    this.cycles = features.flatMap(({ watched }, channel) => {
      if (watched?.type !== 'timestamp') return [];
      const { cycle } = watched;
      if (cycle === null) {
        column = channel;
        return [];
      }
      return [{ channel, column, period: cycleOf({ ...watched, cycle }).period, periods: new Map<number, number>() }];
    });
  }

  /** Whether there is anything to count. */
  get hasCycles(): boolean {
    return this.cycles.length > 0;
  }

  /** Adds the counted rows of a request from number `start` to number `end`. */
  add(request: RequestRows, start: number, end: number): void {
    for (const { column, period, periods } of this.cycles) {
      for (let i = start; i < end; i++) {
        const code = request.rows[rowIndex(i, request) * this.width + column]!;
        if (Number.isNaN(code)) continue;
        const number = period(code);
        periods.set(number, (periods.get(number) ?? 0) + 1);
      }
    }
  }

  /** Returns the channels of the cycles that the rows are spread over. */
  covered(): ReadonlySet<number> {
    return new Set(
      this.cycles.filter(({ periods }) => effectivePeriods(periods) >= MIN_PERIODS).map(({ channel }) => channel),
    );
  }

  clear(): void {
    for (const { periods } of this.cycles) periods.clear();
  }
}

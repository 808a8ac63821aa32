/** Milliseconds in which only the first lines of a kind are logged. */
const PERIOD = 1000;
/** Maximum lines of a kind in a period. */
const MAX_LINES = 10;

interface Period {
  start: number;
  lines: number;
  omitted: number;
}

/** Decides which of many equal lines are logged: of each kind, the first ones of a second. */
export class Repetitions {
  private readonly periods = new Map<string, Period>();

  /**
   * Returns undefined if this line is not to be logged, otherwise the number of lines of its kind that were omitted since the
   * last one. `kind` must be one of few.
   */
  omittedBefore(kind: string, now: number): number | undefined {
    let period = this.periods.get(kind);
    if (!period) {
      period = { start: now, lines: 0, omitted: 0 };
      this.periods.set(kind, period);
    }
    if (now - period.start >= PERIOD) {
      period.start = now;
      period.lines = 0;
    }
    if (period.lines >= MAX_LINES) {
      period.omitted++;
      return undefined;
    }
    period.lines++;
    const { omitted } = period;
    period.omitted = 0;
    return omitted;
  }
}

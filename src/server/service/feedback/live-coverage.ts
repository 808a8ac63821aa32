import { type Static, Type } from 'typebox';
import { WINDOW_ROWS } from './live-errors.js';

/** How many true values lay in their prediction intervals. */
export const LiveCoverage = Type.Object({
  rows: Type.Integer({ description: 'the latest evaluated rows, which the shares are of' }),
  targets: Type.Record(Type.String(), Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 })), {
    description: 'by target, then by level: the share of true values in the interval of that level; empty without rows',
  }),
});
export type LiveCoverage = Static<typeof LiveCoverage>;

/** Ring buffer of which intervals of one model cover the true values of the latest labelled rows. */
export class CoverageWindow {
  readonly levels: readonly number[];
  private readonly targets: readonly string[];
  /** `[WINDOW_ROWS, targets]`: bit l for the l-th level. */
  private readonly covered: Uint8Array;
  /** Milliseconds since the epoch. */
  private readonly times = new Float64Array(WINDOW_ROWS);
  private added = 0;

  constructor(targets: readonly string[], levels: readonly number[]) {
    this.targets = targets;
    this.levels = levels;
    this.covered = new Uint8Array(WINDOW_ROWS * targets.length);
  }

  /** Adds `times.length` rows: `covered` is `[rows, targets]`. */
  add(times: ArrayLike<number>, covered: Uint8Array): void {
    const { length: width } = this.targets;
    for (let r = Math.max(0, times.length - WINDOW_ROWS); r < times.length; r++) {
      const place = this.added++ % WINDOW_ROWS;
      this.times[place] = times[r]!;
      this.covered.set(covered.subarray(r * width, (r + 1) * width), place * width);
    }
  }

  /** Reports on the rows of the window that came since `oldest`, in milliseconds since the epoch. */
  report(oldest: number): LiveCoverage {
    const { targets, levels, covered } = this;
    const places = Array.from({ length: Math.min(this.added, WINDOW_ROWS) }, (_, r) => r).filter(
      (r) => this.times[r]! >= oldest,
    );
    const rows = places.length;
    if (rows === 0) return { rows, targets: {} };
    const share = (j: number, l: number) =>
      places.reduce((sum, r) => sum + ((covered[r * targets.length + j]! >> l) & 1), 0) / rows;
    const ofTarget = (j: number) => Object.fromEntries(levels.map((level, l) => [String(level), share(j, l)]));
    return { rows, targets: Object.fromEntries(targets.map((name, j) => [name, ofTarget(j)])) };
  }
}

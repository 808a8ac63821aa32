import { type Static, Type } from 'typebox';

/** Errors of the serving model for one target, in its units, on rows whose true targets came later. */
export const TargetErrors = Type.Object({
  rmse: Type.Number(),
  mae: Type.Number(),
  /** Positive if the model predicts too much. */
  bias: Type.Number({ description: 'mean of prediction - target' }),
});
export type TargetErrors = Static<typeof TargetErrors>;

/** Number of latest labelled rows that the errors are computed from: enough for a steady figure, few enough to be recent. */
export const WINDOW_ROWS = 1000;

/** Ring buffer of one model's residuals on the latest labelled rows. */
export class LiveErrors {
  private readonly width: number;
  /** `[WINDOW_ROWS, targets]` */
  private readonly residuals: Float64Array;
  /** Milliseconds since the epoch. */
  private readonly times = new Float64Array(WINDOW_ROWS);
  private added = 0;

  constructor(targets: number) {
    this.width = targets;
    this.residuals = new Float64Array(WINDOW_ROWS * targets);
  }

  /** Adds `times.length` rows: `outputs` and `targets` are `[rows, targets]`. */
  add(times: ArrayLike<number>, outputs: Float32Array, targets: Float32Array): void {
    const { width } = this;
    for (let r = Math.max(0, times.length - WINDOW_ROWS); r < times.length; r++) {
      const place = this.added++ % WINDOW_ROWS;
      this.times[place] = times[r]!;
      for (let j = 0; j < width; j++)
        this.residuals[place * width + j] = outputs[r * width + j]! - targets[r * width + j]!;
    }
  }

  /** Returns the residuals, `[rows, targets]`, of the rows of the window that came since `oldest`. */
  since(oldest: number): Float64Array {
    const { width } = this;
    const kept = Array.from({ length: Math.min(this.added, WINDOW_ROWS) }, (_, r) => r).filter(
      (r) => this.times[r]! >= oldest,
    );
    return Float64Array.from(
      { length: kept.length * width },
      (_, i) => this.residuals[kept[Math.floor(i / width)]! * width + (i % width)]!,
    );
  }

  /** Reports on the rows of the window that came since `oldest`, in milliseconds since the epoch. Without rows, `targets` is empty. */
  report(oldest: number): { rows: number; targets: TargetErrors[] } {
    const { width } = this;
    const sums = Array.from({ length: width }, () => ({ squares: 0, magnitudes: 0, signed: 0 }));
    let rows = 0;
    for (let r = 0; r < Math.min(this.added, WINDOW_ROWS); r++) {
      if (this.times[r]! < oldest) continue;
      rows++;
      for (let j = 0; j < width; j++) {
        const residual = this.residuals[r * width + j]!;
        const sum = sums[j]!;
        sum.squares += residual ** 2;
        sum.magnitudes += Math.abs(residual);
        sum.signed += residual;
      }
    }
    if (rows === 0) return { rows, targets: [] };
    return {
      rows,
      targets: sums.map(({ squares, magnitudes, signed }) => ({
        rmse: Math.sqrt(squares / rows),
        mae: magnitudes / rows,
        bias: signed / rows,
      })),
    };
  }
}

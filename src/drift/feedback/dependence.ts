import { type Static, Type } from 'typebox';

const Moments = Type.Object({ mean: Type.Number(), variance: Type.Number({ minimum: 0 }) });
type Moments = Static<typeof Moments>;

/** What is known of the dependence, on disk. */
export const DependenceState = Type.Object({
  latest: Type.Union([Moments, Type.Null()]),
  differences: Type.Array(Type.Number({ minimum: 0 })),
});
export type DependenceState = Static<typeof DependenceState>;

/** Differences that are remembered, and the minimum for an estimate. */
const MAX_DIFFERENCES = 30;
const MIN_DIFFERENCES = 5;
/** Share of the differences, the largest, that are left out: a change of level makes one large difference. */
const TRIMMED = 0.1;
/**
 * The design effect of the first six of the shortest windows, about 190 rows, after which it is known: labels often begin with a
 * batch of one kind.
 */
const ASSUMED_EFFECT = 10;
/** The mean of a χ² variable with one degree of freedom without its largest tenth: P(χ²₃ < q) / 0.9 at the quantile q of 0.9. */
const TRIMMED_MEAN = 0.623;

/**
 * Learns how much neighbouring windows of `rows` rows differ, compared with independent rows: bursts of similar rows, sorted
 * rows and repeated rows make them differ more. Uses differences of neighbours only, in units of the variance within, so that
 * a lasting change of the errors, however large, does not pass for dependence.
 */
export class Dependence {
  private readonly rows: number;
  private readonly shorter: Dependence | undefined;
  private latest: Moments | null = null;
  private differences: number[] = [];

  /** `shorter`: that of the windows of half the size. */
  constructor(rows: number, shorter?: Dependence) {
    this.rows = rows;
    this.shorter = shorter;
  }

  /** Adds a window, given the mean and the variance of its rows. */
  add(moments: Moments): void {
    const { latest } = this;
    this.latest = moments;
    if (!latest) return;
    const variance = latest.variance + moments.variance;
    const difference = (this.rows * (moments.mean - latest.mean) ** 2) / variance;
    // Rows that are all equal say nothing about variance.
    if (!Number.isFinite(difference)) return;
    this.differences.push(difference);
    if (this.differences.length > MAX_DIFFERENCES) this.differences.shift();
  }

  /**
   * The number of rows that carry the information of one independent row, at least 1. Windows that were tested before decide:
   * those of this size, but they are few, so that the mean of all sizes up to this one is a lower bound.
   */
  get designEffect(): number {
    const known = this.knownEffects();
    if (known.length === 0) return ASSUMED_EFFECT;
    const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
    return Math.max(mean, this.ownEffect ?? 1);
  }

  /** The design effects that are known, of this size and of shorter windows. */
  private knownEffects(): number[] {
    const shorter = this.shorter?.knownEffects() ?? [];
    const own = this.ownEffect;
    return own === undefined ? shorter : [...shorter, own];
  }

  /** The design effect by windows of this size; undefined until it is known. */
  private get ownEffect(): number | undefined {
    const { length } = this.differences;
    if (length < MIN_DIFFERENCES) return undefined;
    const smallest = this.differences.toSorted((a, b) => a - b).slice(0, Math.ceil((1 - TRIMMED) * length));
    return Math.max(1, smallest.reduce((sum, one) => sum + one, 0) / smallest.length / TRIMMED_MEAN);
  }

  reset(): void {
    this.latest = null;
    this.differences = [];
  }

  state(): DependenceState {
    return { latest: this.latest, differences: [...this.differences] };
  }

  restore({ latest, differences }: DependenceState): void {
    this.latest = latest;
    this.differences = differences.slice(-MAX_DIFFERENCES);
  }
}

import type { Group } from '../../../drift/rows/channels.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import { sampleQuantile } from '../../../model/baseline/ordered-sample.js';
import { MAX_FLOAT32 } from '../../../model/tables/rows.js';

/** Reconstruction errors of rows, in standardised units: a tenth is below `p10`, half below `p50`. */
export interface ErrorQuantiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** What a few seconds of traffic looked like. */
export interface HistoryPoint {
  /** When they ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly model_version: string;
  readonly rows: number;
  /** Of the rows that came; null if none did. */
  readonly error: ErrorQuantiles | null;
  /** Of the baseline's held-out rows. */
  readonly reference: ErrorQuantiles;
  /** The groups whose alarm was on. */
  readonly alarms: readonly Group[];
}

/** An hour of points, one every five seconds. */
const KEPT_POINTS = 720;

/** The buckets of a float32 are told by its leading bits: sign, exponent and 3 of the fraction, 8 to an octave. */
const BITS_LEFT_OUT = 20;

/** The latest hour of reconstruction errors, for people: quantiles of the rows of each few seconds, beside the baseline's. */
export class ErrorHistory {
  private readonly kept: HistoryPoint[] = [];
  private readonly counts = new Uint32Array(2 ** (31 - BITS_LEFT_OUT));
  private rows = 0;

  /** The oldest first. */
  get points(): readonly HistoryPoint[] {
    return this.kept;
  }

  /** Counts the first `count` of `errors`, which are not negative. */
  add(errors: Float32Array, count: number): void {
    for (let r = 0; r < count; r++) {
      single[0] = errors[r]!;
      this.counts[(bits[0]! & SIGNLESS) >>> BITS_LEFT_OUT]!++;
    }
    this.rows += count;
  }

  /** Ends a point at `at`, and begins the next. */
  close(at: number, version: number, baseline: Baseline, alarms: readonly Group[]): void {
    const { rows } = this;
    const quantiles = (of: (share: number) => number) => ({ p10: of(0.1), p50: of(0.5), p90: of(0.9) });
    this.kept.push({
      at,
      model_version: String(version),
      rows,
      error: rows > 0 ? quantiles((share) => short(this.quantile(share))) : null,
      reference: quantiles((share) => short(sampleQuantile(baseline.error.sample, share))),
      alarms,
    });
    if (this.kept.length > KEPT_POINTS) this.kept.shift();
    this.forget();
  }

  /** Forgets the rows of the point that has not ended: they were of another version, or of another baseline. */
  forget(): void {
    this.counts.fill(0);
    this.rows = 0;
  }

  /** The value below which `share` of the rows are, within 7 %. */
  private quantile(share: number): number {
    let left = share * this.rows;
    let bucket = 0;
    while (this.counts[bucket]! < left) left -= this.counts[bucket++]!;
    const low = edge(bucket);
    return low + (left / this.counts[bucket]!) * (edge(bucket + 1) - low);
  }
}

const SIGNLESS = 0x7fffffff;
const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** Where a bucket begins; the largest has its end where float32 has. */
function edge(bucket: number): number {
  bits[0] = bucket << BITS_LEFT_OUT;
  return Math.min(single[0]!, MAX_FLOAT32);
}

/** As many digits as a picture can show. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}

import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import { GROUPS, type Group } from '../../../drift/rows/channels.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import { sampleQuantile } from '../../../model/baseline/ordered-sample.js';
import { MAX_FLOAT32 } from '../../../model/tables/rows.js';

/** Quantiles of reconstruction errors, in standardised units. */
const ErrorQuantiles = Type.Object({ p10: Type.Number(), p50: Type.Number(), p90: Type.Number() });

/** A few seconds of traffic. */
export const HistoryPoint = Type.Object({
  at: Type.Number({ description: 'milliseconds since the epoch' }),
  model_version: Type.String(),
  rows: Type.Integer({ description: 'rows since the previous point' }),
  error: nullable(ErrorQuantiles, { description: 'reconstruction errors of these rows; null without rows' }),
  reference: Type.Object(ErrorQuantiles.properties, { description: 'those of the held-out rows of the baseline' }),
  alarms: Type.Array(Type.Enum([...GROUPS]), { description: 'the groups whose alarm was on' }),
});
export type HistoryPoint = Static<typeof HistoryPoint>;

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
      alarms: [...alarms],
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

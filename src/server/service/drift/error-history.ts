import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import { sampleQuantile } from '../../../model/baseline/sketches/ordered-sample.js';
import { MAX_FLOAT32 } from '../../../model/tables/rows.js';
import { ALARM_GROUPS, type AlarmGroup } from './alarm-groups.js';

/** Quantiles of reconstruction errors, in standardised units. */
const ErrorQuantiles = Type.Object({ p10: Type.Number(), p50: Type.Number(), p90: Type.Number() });

/** A few seconds of traffic. */
export const HistoryPoint = Type.Object(
  {
    at: Type.Number({ description: 'milliseconds since the epoch' }),
    model_version: Type.String(),
    rows: Type.Integer({ description: 'rows since the previous point' }),
    error: nullable(ErrorQuantiles, { description: 'reconstruction errors of these rows; null without rows' }),
    reference: Type.Object(ErrorQuantiles.properties, { description: 'those of the held-out rows of the baseline' }),
    alarms: Type.Array(Type.Enum([...ALARM_GROUPS]), { description: 'the groups whose alarm was on' }),
  },
  { 'x-schema': 'HistoryPoint' },
);
export type HistoryPoint = Static<typeof HistoryPoint>;

/** One hour, with a point every five seconds. */
const MAX_POINTS = 720;

/** A float32's bucket is its leading bits: sign, exponent, and 3 bits of the fraction. These are the bits left out. 8 buckets per octave. */
const DROPPED_BITS = 20;

/** The latest hour of reconstruction errors for the web page: quantiles of every few seconds' rows, beside the baseline's. */
export class ErrorHistory {
  /** The oldest first. */
  readonly points: HistoryPoint[] = [];
  private readonly counts = new Uint32Array(2 ** (31 - DROPPED_BITS));
  private rows = 0;

  /** Counts the first `count` of `errors`, which must not be negative. */
  add(errors: Float32Array, count: number): void {
    for (let r = 0; r < count; r++) {
      single[0] = errors[r]!;
      this.counts[(bits[0]! & SIGN_MASK) >>> DROPPED_BITS]!++;
    }
    this.rows += count;
  }

  /** Ends a point at the time `at`, and begins the next. */
  endPoint(at: number, version: number, baseline: Baseline, alarms: readonly AlarmGroup[]): void {
    const { rows } = this;
    const quantiles = (of: (share: number) => number) => ({ p10: of(0.1), p50: of(0.5), p90: of(0.9) });
    this.points.push({
      at,
      model_version: String(version),
      rows,
      error: rows > 0 ? quantiles((share) => short(this.quantile(share))) : null,
      reference: quantiles((share) => short(sampleQuantile(baseline.error.sample, share))),
      alarms: [...alarms],
    });
    if (this.points.length > MAX_POINTS) this.points.shift();
    this.discardPoint();
  }

  /** Discards the rows of the unfinished point, which belong to another version or baseline. */
  discardPoint(): void {
    this.counts.fill(0);
    this.rows = 0;
  }

  /** The error below which a share of the rows is, within 7 %. */
  private quantile(share: number): number {
    let remaining = share * this.rows;
    let bucket = 0;
    while (this.counts[bucket]! < remaining) remaining -= this.counts[bucket++]!;
    const low = edge(bucket);
    return low + (remaining / this.counts[bucket]!) * (edge(bucket + 1) - low);
  }
}

const SIGN_MASK = 0x7fffffff;
const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The lower edge of a bucket. The largest bucket ends at the largest float32. */
function edge(bucket: number): number {
  bits[0] = bucket << DROPPED_BITS;
  return Math.min(single[0]!, MAX_FLOAT32);
}

/** Rounds to the number of digits that a picture can show. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}

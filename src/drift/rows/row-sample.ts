import { createRandom } from '../../base/statistics/random.js';
import type { HeldOut } from '../../model/baseline/baseline.js';

/** Sampled rows of the traffic, to make a new baseline from. */
interface SampledRows extends HeldOut {
  /** The time of the oldest row, in milliseconds since the epoch; null without rows. */
  readonly from: number | null;
}

/** The recommended number of rows for a baseline. */
const TARGET_ROWS = 1000;
/** Capacity in rows: a bottom-1,000 sample of every suffix of 10^9 rows retains `k (1 + ln(n / k))` of them. */
const CAPACITY = 16_000;
const BYTES = 4 * 2 ** 20;
/** Keys, between 0 and 1, are divided into parts by the leading bits of a float32: exponent and 5 bits of the fraction, 32 parts per octave. */
const DROPPED_BITS = 18;
const PARTS = (0x3f800000 >>> DROPPED_BITS) + 1;

/**
 * Retains, within 4 MiB, enough rows for a uniform sample of all rows since *any* time. Each row draws a random key, and is
 * retained while fewer than `maxRows` later rows have a smaller key: bottom-k sampling (Cohen and Kaplan 2007,
 * https://doi.org/10.1145/1281100.1281133) of every suffix at once. Rows that are no longer needed are swept out when the
 * capacity is reached, so that a row costs little more than its copy.
 */
export class RowSample {
  /** Maximum number of rows of a sample. */
  readonly maxRows: number;
  private readonly capacity: number;
  private readonly width: number;
  private readonly features: number;
  /** `[capacity, features + outputs + 1]`: row, outputs, error. Rows are not moved; a sweep reorders `places`. */
  private readonly values: Float32Array;
  /** Row numbers in `values`: first of the retained rows, the oldest first, then of free rows. */
  private readonly places: Uint16Array;
  /** Keys of the retained rows, the oldest first. */
  private readonly keys: Float32Array;
  /** The bits of the keys, which have the same order. */
  private readonly keyBits: Uint32Array;
  private readonly times: Float64Array;
  private readonly random = createRandom(1);
  private retained = 0;
  /** Buffers of a sweep: keys per part, and 1 for each row that stays. */
  private readonly counts = new Uint32Array(PARTS);
  private readonly stays: Uint8Array;

  constructor(features: number, outputs: number) {
    this.features = features;
    this.width = features + outputs + 1;
    this.capacity = Math.min(CAPACITY, Math.floor(BYTES / (4 * this.width + 16)));
    this.maxRows = Math.floor((TARGET_ROWS * this.capacity) / CAPACITY);
    this.values = new Float32Array(this.capacity * this.width);
    this.places = Uint16Array.from({ length: this.capacity }, (_, i) => i);
    this.keys = new Float32Array(this.capacity);
    this.keyBits = new Uint32Array(this.keys.buffer);
    this.times = new Float64Array(this.capacity);
    this.stays = new Uint8Array(this.capacity);
  }

  /** Adds row `r` of a request: `rows` `[count, features]`, `outputs` `[count, outputs]`, `errors` `[count]`. */
  add(rows: Float32Array, outputs: Float32Array, errors: Float32Array, r: number, now: number): void {
    if (this.retained === this.capacity) this.sweep();
    const { features, width, values } = this;
    const outputCount = width - features - 1;
    let at = this.places[this.retained]! * width;
    for (let j = 0; j < features; j++) values[at++] = rows[r * features + j]!;
    for (let j = 0; j < outputCount; j++) values[at++] = outputs[r * outputCount + j]!;
    values[at] = errors[r]!;
    this.keys[this.retained] = this.random.uniform();
    this.times[this.retained++] = now;
  }

  /** Returns a uniform sample, without replacement, of the rows since `since`, in milliseconds since the epoch. */
  since(since: number): SampledRows {
    const recent = Array.from({ length: this.retained }, (_, i) => i).filter((i) => this.times[i]! >= since);
    const chosen = recent.sort((a, b) => this.keys[a]! - this.keys[b]!).slice(0, this.maxRows);
    const { features, width } = this;
    const outputs = width - features - 1;
    const sampled = {
      count: chosen.length,
      rows: new Float32Array(chosen.length * features),
      outputs: new Float32Array(chosen.length * outputs),
      errors: new Float32Array(chosen.length),
      from:
        recent.length > 0
          ? recent.reduce((first, i) => Math.min(first, this.times[i]!), Number.POSITIVE_INFINITY)
          : null,
    };
    chosen.forEach((i, r) => {
      const at = this.places[i]! * width;
      const row = this.values.subarray(at, at + width);
      sampled.rows.set(row.subarray(0, features), r * features);
      sampled.outputs.set(row.subarray(features, width - 1), r * outputs);
      sampled.errors[r] = row[width - 1]!;
    });
    return sampled;
  }

  /**
   * Drops the rows that no sample can need: those followed by `maxRows` smaller keys. Keys are compared by their parts, which
   * retains a few rows more than necessary: all in the part of the `maxRows`-th smallest key.
   */
  private sweep(): void {
    const { counts, stays, places, keyBits, times } = this;
    counts.fill(0);
    let last = PARTS - 1;
    let below = 0;
    let surplus = -Math.floor(0.9 * this.capacity);
    // Whether a row stays is random, and a processor would mispredict branches: the outcome is computed as 0 or 1 instead.
    for (let i = this.retained - 1; i >= 0; i--) {
      const part = keyBits[i]! >>> DROPPED_BITS;
      const needed = (part - last - 1) >>> 31;
      stays[i] = needed;
      surplus += needed;
      counts[part]! += needed;
      below += (part - last) >>> 31;
      while (below >= this.maxRows) below -= counts[--last]!;
    }
    // If more rows stay than the theory predicts, every row would cause a sweep: drop the oldest.
    for (let i = 0; surplus > 0; i++) {
      surplus -= stays[i]!;
      stays[i] = 0;
    }
    let to = 0;
    for (let i = 0; i < this.retained; i++) {
      const place = places[i]!;
      places[i] = places[to]!;
      places[to] = place;
      keyBits[to] = keyBits[i]!;
      times[to] = times[i]!;
      to += stays[i]!;
    }
    this.retained = to;
  }
}

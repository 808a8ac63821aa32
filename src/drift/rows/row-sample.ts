import { createRandom } from '../../base/statistics/random.js';

/** Rows of a stretch of traffic, in raw units: what a new baseline is made from. */
export interface SampledRows {
  readonly count: number;
  /** `[count, features]` */
  readonly rows: Float32Array;
  /** `[count, outputs]` */
  readonly outputs: Float32Array;
  /** `[count]` */
  readonly errors: Float32Array;
  /** When the oldest of them was seen, in milliseconds since the epoch; null without rows. */
  readonly from: number | null;
}

/** Rows asked for: what a baseline is recommended to be made from. */
const TARGET_ROWS = 1000;
/** Room for as many rows as a bottom-1,000 sample of every suffix of 10^9 rows keeps, `k (1 + ln(n / k))`. */
const ROOM = 16_000;
const BYTES = 4 * 2 ** 20;
/** Parts of the range of the keys, 0 to 1: by the leading bits of a float32, exponent and 5 of the fraction, 32 to an octave. */
const BITS_LEFT_OUT = 18;
const PARTS = (0x3f800000 >>> BITS_LEFT_OUT) + 1;

/**
 * Keeps, within 4 MiB, rows from which a uniform sample of all rows since *any* moment can be taken: each row draws a
 * random key, and is kept while fewer than `wanted` later rows have a smaller one (bottom-k sampling, Cohen and Kaplan
 * 2007, https://doi.org/10.1145/1281100.1281133, of every suffix at once). What falls out is swept out when the room is
 * full, so that a row costs its copy.
 */
export class RowSample {
  /** Maximum number of rows of a sample. */
  readonly maxRows: number;
  private readonly room: number;
  private readonly width: number;
  private readonly features: number;
  /** `[room, features + outputs + 1]`: row, outputs, error. A row stays where it is: a sweep moves the numbers of places. */
  private readonly values: Float32Array;
  /** Places in `values`: of the kept rows, the oldest first, then the free ones. */
  private readonly places: Uint16Array;
  /** Of the kept rows, the oldest first. */
  private readonly keys: Float32Array;
  /** The same, as bits, which have their order. */
  private readonly keyBits: Uint32Array;
  private readonly times: Float64Array;
  private readonly random = createRandom(1);
  private kept = 0;
  /** Of a sweep: keys per part of their range, and the rows that stay. */
  private readonly counts = new Uint32Array(PARTS);
  private readonly keep: Uint8Array;

  constructor(features: number, outputs: number) {
    this.features = features;
    this.width = features + outputs + 1;
    this.room = Math.min(ROOM, Math.floor(BYTES / (4 * this.width + 16)));
    this.maxRows = Math.floor((TARGET_ROWS * this.room) / ROOM);
    this.values = new Float32Array(this.room * this.width);
    this.places = Uint16Array.from({ length: this.room }, (_, i) => i);
    this.keys = new Float32Array(this.room);
    this.keyBits = new Uint32Array(this.keys.buffer);
    this.times = new Float64Array(this.room);
    this.keep = new Uint8Array(this.room);
  }

  /** Takes row `r` of a request: `rows` `[count, features]`, `outputs` `[count, outputs]`, `errors` `[count]`. */
  add(rows: Float32Array, outputs: Float32Array, errors: Float32Array, r: number, now: number): void {
    if (this.kept === this.room) this.sweep();
    const { features, width, values } = this;
    const outputCount = width - features - 1;
    let at = this.places[this.kept]! * width;
    for (let j = 0; j < features; j++) values[at++] = rows[r * features + j]!;
    for (let j = 0; j < outputCount; j++) values[at++] = outputs[r * outputCount + j]!;
    values[at] = errors[r]!;
    this.keys[this.kept] = this.random.uniform();
    this.times[this.kept++] = now;
  }

  /** A uniform sample, without replacement, of the rows since `since`, in milliseconds since the epoch. */
  since(since: number): SampledRows {
    const recent = Array.from({ length: this.kept }, (_, i) => i).filter((i) => this.times[i]! >= since);
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
   * Drops the rows that no sample can need any more: those with `wanted` smaller keys after them. Keys are compared by
   * parts of their range, which keeps a few rows too many: all in the part where the `wanted`-th smallest key lies.
   */
  private sweep(): void {
    const { counts, keep, places, keyBits, times } = this;
    counts.fill(0);
    let last = PARTS - 1;
    let below = 0;
    let surplus = -Math.floor(0.9 * this.room);
    // Whether a row stays is chance, at which branches would be guessed wrong: it is counted instead, as 0 or 1.
    for (let i = this.kept - 1; i >= 0; i--) {
      const part = keyBits[i]! >>> BITS_LEFT_OUT;
      const stays = (part - last - 1) >>> 31;
      keep[i] = stays;
      surplus += stays;
      counts[part]! += stays;
      below += (part - last) >>> 31;
      while (below >= this.maxRows) below -= counts[--last]!;
    }
    // A fuller room than the theory expects would be swept at every row: the oldest make way.
    for (let i = 0; surplus > 0; i++) {
      surplus -= keep[i]!;
      keep[i] = 0;
    }
    let to = 0;
    for (let i = 0; i < this.kept; i++) {
      const place = places[i]!;
      places[i] = places[to]!;
      places[to] = place;
      keyBits[to] = keyBits[i]!;
      times[to] = times[i]!;
      to += keep[i]!;
    }
    this.kept = to;
  }
}

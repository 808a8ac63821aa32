import { NO_BIN } from '../../model/baseline/bins.js';
import { binTotal, type Channel } from '../rows/channels.js';
import type { RowReader } from '../rows/row-reader.js';

/** What is left of a tally on disk. */
export interface RowCountsState {
  readonly rows: number;
  readonly score_sum: number;
  /** Whole numbers, 32 bits each, little-endian, as base64. */
  readonly counts: string;
  readonly places: string;
  readonly sums: number[];
}

/** Counts of rows: per channel and bin, per feature and place. Tallies of the same channels add up. */
export class RowCounts {
  readonly channels: readonly Channel[];
  rows = 0;
  /** Sum of the errors' normal scores. */
  scoreSum = 0;
  /** `[bins of all channels]` */
  counts: Uint32Array;
  /** `[features, 4]`: rows by `INSIDE`, `BELOW`, `ABOVE`, `MISSING`. */
  places: Uint32Array;
  /** `[features + outputs]`: sums of the deviations from the baseline's mean. */
  sums: Float64Array;
  private readonly offsets: Int32Array;

  constructor(channels: readonly Channel[]) {
    this.channels = channels;
    const features = channels.filter(({ kind }) => kind === 'feature').length;
    const outputs = channels.filter(({ kind }) => kind === 'output').length;
    this.offsets = Int32Array.from(channels, ({ offset }) => offset);
    this.counts = new Uint32Array(binTotal(channels));
    this.places = new Uint32Array(4 * features);
    this.sums = new Float64Array(features + outputs);
  }

  /** Counts the row that `reader` has read. */
  add(reader: RowReader): void {
    const { offsets, counts, places, sums } = this;
    const { bins, deviations, places: found } = reader;
    this.rows++;
    this.scoreSum += reader.errorScore;
    for (let c = 0; c < offsets.length; c++) {
      const bin = bins[c]!;
      if (bin !== NO_BIN) counts[offsets[c]! + bin]!++;
    }
    for (let j = 0, at = 0; at < places.length; j++, at += 4) places[at + found[j]!]!++;
    for (let j = 0; j < sums.length; j++) sums[j]! += deviations[j]!;
  }

  /** Adds another tally, of the same channels or of these and more after them. */
  merge(other: RowCounts): void {
    this.rows += other.rows;
    this.scoreSum += other.scoreSum;
    for (let i = 0; i < this.counts.length; i++) this.counts[i]! += other.counts[i]!;
    for (let i = 0; i < this.places.length; i++) this.places[i]! += other.places[i]!;
    for (let i = 0; i < this.sums.length; i++) this.sums[i]! += other.sums[i]!;
  }

  clear(): void {
    this.rows = 0;
    this.scoreSum = 0;
    this.counts.fill(0);
    this.places.fill(0);
    this.sums.fill(0);
  }

  /** The counts of one channel's bins. */
  binsOf({ offset, bins }: Channel): number[] {
    return bins.counts.map((_, k) => this.counts[offset + k]!);
  }

  /** How many values of feature `j` were at `place`. */
  placed(j: number, place: number): number {
    return this.places[4 * j + place]!;
  }

  state(): RowCountsState {
    const { rows, scoreSum, counts, places, sums } = this;
    return { rows, score_sum: scoreSum, counts: toBase64(counts), places: toBase64(places), sums: Array.from(sums) };
  }

  /** Takes up a state of a tally of the same channels. Throws a RangeError if it is not one. */
  restore(state: RowCountsState): void {
    fromBase64(state.counts, this.counts);
    fromBase64(state.places, this.places);
    if (state.sums.length !== this.sums.length) throw new RangeError('a tally of other columns');
    this.sums.set(state.sums);
    this.rows = state.rows;
    this.scoreSum = state.score_sum;
  }
}

function toBase64(numbers: Uint32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

function fromBase64(text: string, to: Uint32Array): void {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== to.byteLength) throw new RangeError('a tally of other channels');
  to.set(new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
}

import { type Static, Type } from 'typebox';
import type { ArrayMemory, NumberArray } from '../../base/node/array-memory.js';
import { NO_BIN } from '../../model/baseline/sketches/bins.js';
import { binTotal, type Channel } from '../rows/channels.js';
import type { RowReader } from '../rows/row-reader.js';
import { TOTAL_ROWS, TOTAL_SCORES } from './assembly/fields.js';

const NONE: ReadonlySet<number> = new Set();

/** Row counts on disk. `counts` and `places` are 32-bit integers, little-endian, in base64. */
export const RowCountsState = Type.Object({
  rows: Type.Integer({ minimum: 0 }),
  score_sum: Type.Number(),
  counts: Type.String(),
  places: Type.String(),
  sums: Type.Array(Type.Number()),
});
export type RowCountsState = Static<typeof RowCountsState>;

/**
 * Counts of rows, per channel and bin, and per feature and place. Counts of the same channels add up. The arrays are on the
 * JavaScript heap unless `moveInto` has moved them into the memory of a WebAssembly instance, which then counts into them.
 */
export class RowCounts {
  readonly channels: readonly Channel[];
  /** `[bins of all channels]` */
  counts: Uint32Array;
  /** `[features, 4]`: rows by `INSIDE`, `BELOW`, `ABOVE`, and `MISSING`. */
  places: Uint32Array;
  /** `[features + outputs]`: sums of the deviations from the baseline's mean. */
  sums: Float64Array;
  /** The number of rows (`TOTAL_ROWS`) and the sum of their errors' normal scores (`TOTAL_SCORES`). */
  totals = new Float64Array(2);
  /** The channels of cycles over enough periods of which the rows are spread to be tested. */
  covered: ReadonlySet<number> = NONE;

  constructor(channels: readonly Channel[]) {
    this.channels = channels;
    const features = channels.filter(({ kind }) => kind === 'feature').length;
    const outputs = channels.filter(({ kind }) => kind === 'output').length;
    this.counts = new Uint32Array(binTotal(channels));
    this.places = new Uint32Array(4 * features);
    this.sums = new Float64Array(features + outputs);
  }

  get rows(): number {
    return this.totals[TOTAL_ROWS]!;
  }

  /** Sum of the errors' normal scores. */
  get scoreSum(): number {
    return this.totals[TOTAL_SCORES]!;
  }

  /** Moves all arrays into `memory`. Arrays taken from here before are no longer those that are counted in. */
  moveInto(memory: ArrayMemory): void {
    this.counts = memory.place(this.counts);
    this.places = memory.place(this.places);
    this.sums = memory.place(this.sums);
    this.totals = memory.place(this.totals);
  }

  /** Counts the row that `reader` has read last. */
  add(reader: RowReader): void {
    const { channels, counts, places, sums, totals } = this;
    totals[TOTAL_ROWS]!++;
    totals[TOTAL_SCORES]! += reader.errorScore;
    channels.forEach(({ offset }, c) => {
      const bin = reader.bins[c]!;
      if (bin !== NO_BIN) counts[offset + bin]!++;
    });
    reader.places.forEach((place, j) => {
      places[4 * j + place]!++;
    });
    reader.deviations.forEach((deviation, j) => {
      sums[j]! += deviation;
    });
  }

  /** Adds the counts of the same channels, or of these followed by others. */
  merge(other: RowCounts): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i]! += other.counts[i]!;
    for (let i = 0; i < this.places.length; i++) this.places[i]! += other.places[i]!;
    for (let i = 0; i < this.sums.length; i++) this.sums[i]! += other.sums[i]!;
    for (let i = 0; i < this.totals.length; i++) this.totals[i]! += other.totals[i]!;
  }

  clear(): void {
    for (const array of [this.counts, this.places, this.sums, this.totals]) array.fill(0);
    this.covered = NONE;
  }

  /** The counts of one channel's bins. */
  binsOf({ offset, bins }: Channel): number[] {
    return bins.counts.map((_, k) => this.counts[offset + k]!);
  }

  /** Rows in which feature `j` was at `place`. */
  placed(j: number, place: number): number {
    return this.places[4 * j + place]!;
  }

  state(): RowCountsState {
    const { rows, scoreSum, counts, places, sums } = this;
    return { rows, score_sum: scoreSum, counts: toBase64(counts), places: toBase64(places), sums: Array.from(sums) };
  }

  /** Replaces all counts. Throws a RangeError if the state has other channels. */
  restore(state: RowCountsState): void {
    const { counts, places, sums, totals } = this;
    if (state.sums.length !== sums.length) throw new RangeError('row counts of other columns');
    fromBase64(state.counts, counts);
    fromBase64(state.places, places);
    sums.set(state.sums);
    totals[TOTAL_ROWS] = state.rows;
    totals[TOTAL_SCORES] = state.score_sum;
  }
}

/** Encodes the bytes of `numbers`. */
export function toBase64(numbers: NumberArray): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

/** Decodes the bytes of `target`. Throws a RangeError if there are more or fewer. */
export function fromBase64(text: string, target: NumberArray): void {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== target.byteLength) throw new RangeError('row counts of other channels');
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
}

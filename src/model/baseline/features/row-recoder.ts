import { cycleOf } from './cycles.js';
import { isCycle, type WatchedFeature } from './watched.js';

/** Numbers of the largest buffer that is retained for the next call: 1 MiB. */
const RETAINED = 2 ** 18;

/** Computes what is watched of one column from its code. NaN, a missing value, is not recoded. */
type Recode = (code: number) => number;

/**
 * Turns rows as the model reads them into rows of watched features: the codes of levels become positions, and a timestamp is
 * followed by where it is in its cycles. Rows of numbers alone are not copied.
 */
export class RowRecoder {
  /** Columns of a row that the model reads. */
  readonly width: number;
  /** `[watched]`: the column of each, and how it is recoded, if it is. */
  private readonly sources: readonly number[];
  private readonly recodes: readonly (Recode | undefined)[];
  private readonly isPlain: boolean;
  private buffer = new Float32Array(0);

  constructor(features: readonly WatchedFeature[]) {
    let column = -1;
    this.sources = features.map((feature) => {
      if (!isCycle(feature)) column++;
      return column;
    });
    this.width = column + 1;
    this.recodes = features.map(recodeOf);
    this.isPlain = this.recodes.every((recode) => recode === undefined);
  }

  /**
   * Returns the first `count` of `rows` `[≥ count, columns]` as `[count, watched]`: `rows` itself if nothing is recoded, else a
   * view of a buffer that the next call overwrites.
   */
  recode(rows: Float32Array, count: number): Float32Array {
    if (this.isPlain) return rows;
    const { sources, recodes, width } = this;
    const watched = sources.length;
    const size = count * watched;
    const buffer = size <= this.buffer.length ? this.buffer : new Float32Array(size);
    if (size <= RETAINED) this.buffer = buffer;
    for (let r = 0, at = 0; r < count; r++) {
      for (let j = 0; j < watched; j++, at++) {
        const code = rows[r * width + sources[j]!]!;
        const recode = recodes[j];
        buffer[at] = recode && !Number.isNaN(code) ? recode(code) : code;
      }
    }
    return buffer.subarray(0, size);
  }
}

function recodeOf({ watched }: WatchedFeature): Recode | undefined {
  if (!watched) return undefined;
  if (watched.type === 'timestamp') {
    const { cycle } = watched;
    return cycle === null ? undefined : cycleOf({ ...watched, cycle }).place;
  }
  const positions = new Float32Array(watched.codes.length);
  watched.codes.forEach((code, position) => {
    positions[code] = position;
  });
  // A level that the training did not have is behind all others.
  return (code) => positions[code] ?? positions.length;
}

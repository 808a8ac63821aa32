import type { BodyCompression } from 'apache-arrow/fb/body-compression';
import type { Bytes } from '../byte-source.js';
import type { Cells } from '../cells.js';
import type { Budget } from './arrow-compression.js';
import type { ArrowType } from './arrow-type.js';

/** Values of one column in a record batch, as they are stored. */
export interface ArrowPart {
  readonly rows: number;
  /** Of what is stored: of the indices, if there is a dictionary. */
  readonly type: ArrowType;
  /** The validity bitmap, then those of the type; none for a column of nulls. */
  readonly buffers: readonly Bytes[];
  readonly compression: BodyCompression | null;
  /** Undefined also for a column that needs one, if none has come. */
  readonly dictionary: DictionaryValues | undefined;
  readonly isEncoded: boolean;
  /** Names the batch and the column in messages. */
  readonly place: () => string;
}

/** The values that the indices of a column stand for. Both methods throw `INVALID_ARROW` and `TOO_LARGE`. */
export interface DictionaryValues {
  /** Reads the values in short steps. `cells` would read them at once. */
  load(budget: Budget): Iterable<void>;
  /** Returns what `indices` stand for. `place` is their column's. */
  cells(indices: Float64Array, budget: Budget, place: () => string): Cells;
}

/** Returns the minimum bytes of each buffer. That of the bitmap may be empty instead. */
export function bufferSizes(type: ArrowType, rows: number): number[] {
  return [0, ...type.sizes(rows)];
}

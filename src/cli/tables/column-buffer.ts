import { numberNames, numbersOf, type PredictedRows, type PredictionColumns } from './predicted-rows.js';

/** Gathers predictions by column, for formats that store columns. */
export class ColumnBuffer {
  /** Those of `numberNames`: `[≥ count]` each. */
  readonly columns: readonly Float32Array<ArrayBuffer>[];
  readonly rows: BigInt64Array<ArrayBuffer>;
  count = 0;
  private readonly capacity: number;
  private readonly targets: number;

  constructor(columns: PredictionColumns, capacity: number) {
    this.capacity = capacity;
    this.targets = columns.targets.length;
    this.columns = numberNames(columns).map(() => new Float32Array(capacity));
    this.rows = new BigInt64Array(capacity);
  }

  /** Adds rows from `from` on, as many as there is room for. Returns how many rows have been added so far. */
  add(predicted: PredictedRows, from: number): number {
    const { count, numbers } = predicted;
    const taken = Math.min(count - from, this.capacity - this.count);
    for (const [j, { data, offset, stride }] of numbersOf(predicted, this.targets).entries()) {
      const column = this.columns[j]!;
      for (let i = 0; i < taken; i++) column[this.count + i] = data[(from + i) * stride + offset]!;
    }
    for (let i = 0; i < taken; i++) this.rows[this.count + i] = BigInt(numbers[from + i]!);
    this.count += taken;
    return from + taken;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }
}

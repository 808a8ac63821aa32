import type { PredictedRows } from './predicted-rows.js';

/** Gathers predictions by column, for formats that store columns. */
export class ColumnBuffer {
  /** One for each target, then the reconstruction errors: `[≥ count]`. */
  readonly columns: readonly Float32Array<ArrayBuffer>[];
  readonly rows: BigInt64Array<ArrayBuffer>;
  count = 0;
  private readonly capacity: number;

  constructor(targets: number, capacity: number) {
    this.capacity = capacity;
    this.columns = Array.from({ length: targets + 1 }, () => new Float32Array(capacity));
    this.rows = new BigInt64Array(capacity);
  }

  /** Adds rows from `from` on, as many as there is room for. Returns how many rows have been added so far. */
  add({ count, numbers, outputs, errors }: PredictedRows, from: number): number {
    const width = this.columns.length - 1;
    const taken = Math.min(count - from, this.capacity - this.count);
    for (let i = 0; i < taken; i++) {
      for (let j = 0; j < width; j++) this.columns[j]![this.count + i] = outputs[(from + i) * width + j]!;
      this.columns[width]![this.count + i] = errors[from + i]!;
      this.rows[this.count + i] = BigInt(numbers[from + i]!);
    }
    this.count += taken;
    return from + taken;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }
}

import type { ArrayMemory } from '../../base/node/array-memory.js';

/** The default window, and a little more. */
const MAX_ROWS = 512;
/** Wide rows are fewer, down to a block of the row counter. */
const BYTES = 2 ** 20;
const MIN_ROWS = 64;

/**
 * The latest counted rows, as they came: an alarm is described by the values that raised it. A ring of at most 512 rows. The
 * row counter copies rows here in order to count them, so that retaining them costs nothing more.
 */
export class RecentRows {
  /** `[capacity, features]` in raw units, NaN where a value is missing. */
  rows: Float32Array;
  /** `[capacity, outputs]` in target units. */
  outputs: Float32Array;
  /** `[capacity]` */
  errors: Float32Array;
  private readonly capacity: number;
  private next = 0;
  private filled = 0;

  constructor(features: number, outputs: number) {
    const width = features + outputs + 1;
    this.capacity = Math.max(MIN_ROWS, Math.min(MAX_ROWS, Math.floor(BYTES / (4 * width))));
    this.rows = new Float32Array(this.capacity * features);
    this.outputs = new Float32Array(this.capacity * outputs);
    this.errors = new Float32Array(this.capacity);
  }

  /** Moves all arrays into `memory`. */
  moveInto(memory: ArrayMemory): void {
    this.rows = memory.place(this.rows);
    this.outputs = memory.place(this.outputs);
    this.errors = memory.place(this.errors);
  }

  /** The number of rows retained. */
  get count(): number {
    return this.filled;
  }

  /** The position of the next row. */
  get end(): number {
    return this.next;
  }

  /** Rows that can be written from `end` on without wrapping around. */
  get room(): number {
    return this.capacity - this.next;
  }

  /** Retains `rows` more rows, at most `room`, which have been written from `end` on. */
  advance(rows: number): void {
    this.next = rows === this.room ? 0 : this.next + rows;
    this.filled = Math.min(this.capacity, this.filled + rows);
  }

  /** The position of the row that `age` others followed: 0 for the latest. */
  position(age: number): number {
    return (this.next - 1 - age + this.capacity) % this.capacity;
  }

  /** Replaces the rows by those of another ring of the same size. */
  copyFrom(other: RecentRows): void {
    this.rows.set(other.rows);
    this.outputs.set(other.outputs);
    this.errors.set(other.errors);
    this.next = other.next;
    this.filled = other.filled;
  }

  clear(): void {
    this.filled = 0;
  }
}

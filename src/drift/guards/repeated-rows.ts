const CAPACITY = 64;
/** A row is a repeat if one of this many rows before it is equal. */
const APART = 50;

/** Finds rows that repeat one of the latest guarded rows: retried requests, or one row that is sent again and again. */
export class RepeatedRows {
  private readonly features: number;
  private readonly hashes = new Int32Array(CAPACITY);
  private readonly numbers = new Float64Array(CAPACITY).fill(Number.NEGATIVE_INFINITY);
  private added = 0;
  private latest = Number.NEGATIVE_INFINITY;
  private latestRepeated = false;
  private readonly value = new Float32Array(1);
  private readonly bits = new Int32Array(this.value.buffer);

  constructor(features: number) {
    this.features = features;
  }

  /**
   * Returns whether row `r` of `rows` `[any, features]`, number `row` of the counted rows and number `all` of all rows, repeats one
   * of the 50 rows before it. A row that is repeated for long counts once in 50 rows.
   */
  isRepeated(rows: Float32Array, r: number, row: number, all: number): boolean {
    // The guards of several columns may ask about the same row.
    if (all === this.latest) return this.latestRepeated;
    const hash = this.hash(rows, r);
    this.latest = all;
    this.latestRepeated = this.numbers.some((number, i) => this.hashes[i] === hash && row - number <= APART);
    if (this.latestRepeated) return true;
    const at = this.added++ % CAPACITY;
    this.hashes[at] = hash;
    this.numbers[at] = row;
    return false;
  }

  clear(): void {
    this.numbers.fill(Number.NEGATIVE_INFINITY);
    this.latest = Number.NEGATIVE_INFINITY;
  }

  /** FNV-1a over the bits of the row's values. */
  private hash(rows: Float32Array, r: number): number {
    const { features, value, bits } = this;
    let hash = 0x811c9dc5;
    for (let at = r * features; at < (r + 1) * features; at++) {
      value[0] = rows[at]!;
      hash = Math.imul(hash ^ bits[0]!, 0x01000193);
    }
    return hash;
  }
}

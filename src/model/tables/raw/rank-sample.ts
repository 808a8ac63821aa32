/** Rows of a sample: at least this many of a table that has them, and less than twice as many. */
const MAX_ROWS = 1000;
/** Values of a sample. With more columns it has fewer rows, so that thousands of columns are compared in less than a second. */
const MAX_VALUES = 2e5;
/** Fewer rows with a value in both columns say nothing of their order. */
const MIN_ROWS = 30;

/** A sample of a table's rows, evenly spaced, that shows which columns have the same order. */
export class RankSample {
  /** `[columns][≥ size]` */
  private readonly columns: readonly Float32Array[];
  private readonly enough: number;
  private size = 0;
  private stride = 1;
  private rows = 0;

  constructor(columns: number) {
    const enough = Math.max(MIN_ROWS, Math.min(MAX_ROWS, Math.floor(MAX_VALUES / columns)));
    this.enough = enough;
    this.columns = Array.from({ length: columns }, () => new Float32Array(2 * enough));
  }

  /** Adds the next `count` rows of a table: an array of codes for each column. */
  add(codes: readonly Float32Array[], count: number): void {
    while (Math.ceil((this.rows + count) / this.stride) >= 2 * this.enough) this.halve();
    const { stride, size, rows } = this;
    // The first row whose number the stride divides.
    const from = (stride - (rows % stride)) % stride;
    for (let c = 0; c < codes.length; c++) {
      const [column, values] = [this.columns[c]!, codes[c]!];
      for (let r = from, at = size; r < count; r += stride) column[at++] = values[r]!;
    }
    this.size = Math.ceil((rows + count) / stride);
    this.rows += count;
  }

  private halve(): void {
    this.size = Math.ceil(this.size / 2);
    this.stride *= 2;
    for (const column of this.columns) {
      for (let i = 0; i < this.size; i++) column[i] = column[2 * i]!;
    }
  }

  /** Returns Spearman's rank correlation of two columns, squared; NaN if there are too few rows, or one of both is constant. */
  agreement(a: number, b: number): number {
    const [columnX, columnY] = [this.columns[a]!, this.columns[b]!];
    const x = new Float32Array(this.size);
    const y = new Float32Array(this.size);
    let known = 0;
    for (let i = 0; i < this.size; i++) {
      if (Number.isNaN(columnX[i]! + columnY[i]!)) continue;
      x[known] = columnX[i]!;
      y[known++] = columnY[i]!;
    }
    if (known < MIN_ROWS) return Number.NaN;
    const [knownX, knownY] = [x.subarray(0, known), y.subarray(0, known)];
    if (haveNoOrder(knownX, knownY)) return 0;
    const [ofX, ofY] = [centredRanks(knownX), centredRanks(knownY)];
    return product(ofX, ofY) ** 2 / (product(ofX, ofX) * product(ofY, ofY));
  }
}

/** Returns true if many pairs of rows have the same order in both columns and many do not. Few of all pairs suffice to see this. */
function haveNoOrder(x: Float32Array, y: Float32Array): boolean {
  const half = x.length >> 1;
  let same = 0;
  let opposite = 0;
  for (let i = 0; i < half; i++) {
    const sign = (x[i]! - x[i + half]!) * (y[i]! - y[i + half]!);
    if (sign > 0) same++;
    if (sign < 0) opposite++;
  }
  return 4 * Math.min(same, opposite) > same + opposite;
}

function product(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}

/** Returns the ranks of values less their mean; equal values share the mean of theirs. */
function centredRanks(values: Float32Array): Float64Array {
  // Numbers are sorted much faster than indices with a comparator.
  const sorted = values.slice().sort();
  const ranks = new Map<number, number>();
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    ranks.set(sorted[from]!, (from + to - 1) / 2 - (sorted.length - 1) / 2);
  }
  return Float64Array.from(values, (value) => ranks.get(value)!);
}

/** Rows of a sample: at least this many of a table that has them, and less than twice as many. */
const MAX_ROWS = 1000;
/** Values of a sample. With more columns it has fewer rows, so that thousands of columns are compared in less than a second. */
const MAX_VALUES = 2e5;
/** Fewer rows with a value in both columns say nothing of their order. */
const MIN_ROWS = 30;

/** A sample of a table's rows, evenly spaced, that shows which columns have the same order. */
export class RankSample {
  /** `[columns]` */
  private columns: number[][];
  private readonly enough: number;
  private stride = 1;
  private rows = 0;

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => []);
    this.enough = Math.max(MIN_ROWS, Math.min(MAX_ROWS, Math.floor(MAX_VALUES / columns)));
  }

  /** Adds the next `count` rows of a table: an array of codes for each column. */
  add(codes: readonly Float32Array[], count: number): void {
    const first = (this.stride - (this.rows % this.stride)) % this.stride;
    for (let r = first; r < count; r += this.stride) {
      for (const [c, column] of this.columns.entries()) column.push(codes[c]![r]!);
    }
    this.rows += count;
    while ((this.columns[0]?.length ?? 0) >= 2 * this.enough) {
      this.columns = this.columns.map((column) => column.filter((_, i) => i % 2 === 0));
      this.stride *= 2;
    }
  }

  /** Returns Spearman's rank correlation of two columns, squared; NaN if there are too few rows, or one of both is constant. */
  agreement(a: number, b: number): number {
    const [x, y] = [this.columns[a]!, this.columns[b]!];
    const known = x.flatMap((value, i) => (Number.isNaN(value) || Number.isNaN(y[i]!) ? [] : i));
    if (known.length < MIN_ROWS) return Number.NaN;
    const [ofX, ofY] = [x, y].map((column) => centredRanks(known.map((i) => column[i]!)));
    const product = (one: readonly number[], other: readonly number[]) =>
      one.reduce((sum, rank, i) => sum + rank * other[i]!, 0);
    return product(ofX!, ofY!) ** 2 / (product(ofX!, ofX!) * product(ofY!, ofY!));
  }
}

/** Returns the ranks of values less their mean; equal values share the mean of theirs. */
function centredRanks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) ranks[order[at]!] = (from + to - 1) / 2 - (values.length - 1) / 2;
  }
  return ranks;
}

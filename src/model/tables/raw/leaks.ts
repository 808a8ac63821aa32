import { show } from '../../../base/domain-error.js';
import { RankSample } from './rank-sample.js';

/** Pairs of a feature and a target that are compared in all: a tenth of a second. */
const MAX_PAIRS = 2 ** 24;
/** Share of a target's variance that one column explains only if it is made from the target, or nearly is the target. */
const LEAK = 0.999;
const MIN_ROWS = 10;

/** Rows after which a pair whose feature explains less than this share is left alone. `RankSample` sees the rows that follow. */
const ENOUGH_ROWS = 4096;
const HOPELESS = 0.9;

/** A block of a target's rows, less the first value that it has. */
interface TargetBlock {
  readonly values: Float64Array;
  /** Of y and y²; NaN if a value is missing. */
  readonly sum: number;
  readonly squares: number;
}

/** Sums over the rows in which a feature and a target have a value, each less its first value. */
class Pair {
  private n = 0;
  private x = 0;
  private y = 0;
  private xx = 0;
  private yy = 0;
  private xy = 0;

  /** Adds the block of rows that begins with row `from` of `feature`. `first` is the first value that the feature has. */
  add(feature: Float32Array, from: number, first: number, target: TargetBlock): void {
    // Local variables, and no test of each row: a million rows pass here.
    const { values } = target;
    const rows = values.length;
    let x = 0;
    let xx = 0;
    let xy = 0;
    for (let r = 0; r < rows; r++) {
      const value = feature[from + r]! - first;
      x += value;
      xx += value * value;
      xy += value * values[r]!;
    }
    if (Number.isNaN(xy)) this.addPresent(feature, from, first, values);
    else this.addSums(rows, x, target.sum, xx, target.squares, xy);
  }

  /** Enough rows show that the feature is not made from the target. */
  get isHopeless(): boolean {
    return this.n >= ENOUGH_ROWS && this.explained < HOPELESS;
  }

  /** The squared correlation; NaN if there are too few rows, or one of both is constant. */
  get explained(): number {
    const { n, x, y, xx, yy, xy } = this;
    if (n < MIN_ROWS) return Number.NaN;
    return (xy - (x * y) / n) ** 2 / ((xx - (x * x) / n) * (yy - (y * y) / n));
  }

  private addPresent(feature: Float32Array, from: number, first: number, target: Float64Array): void {
    let [n, x, y, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
    for (let r = 0; r < target.length; r++) {
      const value = feature[from + r]! - first;
      const wanted = target[r]!;
      const product = value * wanted;
      if (Number.isNaN(product)) continue;
      n++;
      x += value;
      y += wanted;
      xx += value * value;
      yy += wanted * wanted;
      xy += product;
    }
    this.addSums(n, x, y, xx, yy, xy);
  }

  private addSums(n: number, x: number, y: number, xx: number, yy: number, xy: number): void {
    this.n += n;
    this.x += x;
    this.y += y;
    this.xx += xx;
    this.yy += yy;
    this.xy += xy;
  }
}

/** Finds columns that give the target away. */
export class Leaks {
  /** `[features][targets]` */
  private readonly pairs: readonly (readonly Pair[])[];
  /** Those that are not hopeless: index of the feature, index of the target. */
  private open: readonly (readonly [Pair, number, number])[];
  private readonly ranks: RankSample;
  /** The first value of each column; NaN before it has one. */
  private readonly first: number[];
  private left = MAX_PAIRS;

  /** `isOrdered` has one entry per feature: false for one whose codes have no order. */
  constructor(isOrdered: readonly boolean[], targets: number) {
    this.pairs = isOrdered.map((ordered) => (ordered ? Array.from({ length: targets }, () => new Pair()) : []));
    this.open = this.pairs.flatMap((ofFeature, i) => ofFeature.map((pair, j) => [pair, i, j] as const));
    this.ranks = new RankSample(isOrdered.length + targets);
    this.first = new Array<number>(isOrdered.length + targets).fill(Number.NaN);
  }

  /** Adds the codes of rows: an array per column, features first. */
  add(codes: readonly Float32Array[], rows: number): void {
    const width = this.pairs.length;
    this.left -= rows * width * (codes.length - width);
    if (this.left < 0) return;
    this.ranks.add(codes, rows);
    for (let from = 0; from < rows && this.open.length > 0; from += ENOUGH_ROWS) {
      this.addBlock(codes, from, Math.min(rows, from + ENOUGH_ROWS));
    }
  }

  private addBlock(codes: readonly Float32Array[], from: number, to: number): void {
    const { first } = this;
    const width = this.pairs.length;
    for (const [i, column] of codes.entries()) {
      for (let r = from; r < to && Number.isNaN(first[i]); r++) first[i] = column[r]!;
    }
    const blocks = codes.slice(width).map((column, j) => centred(column.subarray(from, to), first[width + j]!));
    for (const [pair, i, j] of this.open) pair.add(codes[i]!, from, first[i]!, blocks[j]!);
    this.open = this.open.filter(([pair]) => !pair.isHopeless);
  }

  /** Returns the warnings about a feature. */
  of(feature: number, targets: readonly string[]): string[] {
    return (this.pairs[feature] ?? []).flatMap(({ explained }, j) => {
      const target = show(targets[j]);
      const may = 'it may be made from the target';
      if (explained >= LEAK) return [`it alone explains ${(100 * explained).toFixed(2)} % of ${target}: ${may}`];
      // The logarithm of the target, say.
      return this.ranks.agreement(feature, this.pairs.length + j) >= LEAK
        ? [`its values have the order of those of ${target}: ${may}`]
        : [];
    });
  }
}

function centred(column: Float32Array, first: number): TargetBlock {
  const values = new Float64Array(column.length);
  let sum = 0;
  let squares = 0;
  for (let r = 0; r < values.length; r++) {
    const value = column[r]! - first;
    values[r] = value;
    sum += value;
    squares += value * value;
  }
  return { values, sum, squares };
}

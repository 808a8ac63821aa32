import { show } from '../../../base/domain-error.js';
import { RankSample } from './rank-sample.js';

/** Pairs of a feature and a target that are compared in all: a tenth of a second. */
const MAX_PAIRS = 2 ** 24;
/** Share of a target's variance that one column explains only if it is made from the target, or nearly is the target. */
const LEAK = 0.999;
const MIN_ROWS = 10;

/** Sums over the rows in which a feature and a target have a value, each less its first value. */
class Pair {
  private n = 0;
  private first: readonly [number, number] | undefined;
  /** Of x, y, x², y² and xy. */
  private readonly sums = new Float64Array(5);

  add(features: Float32Array, targets: Float32Array, rows: number): void {
    let r = 0;
    for (; this.first === undefined; r++) {
      if (r === rows) return;
      if (!Number.isNaN(features[r]! * targets[r]!)) this.first = [features[r]!, targets[r]!];
    }
    // Local variables: a million rows pass here.
    const firstX = this.first[0];
    const firstY = this.first[1];
    const { sums } = this;
    let n = this.n;
    let sumX = sums[0]!;
    let sumY = sums[1]!;
    let sumXx = sums[2]!;
    let sumYy = sums[3]!;
    let sumXy = sums[4]!;
    for (r = Math.max(0, r - 1); r < rows; r++) {
      const x = features[r]! - firstX;
      const y = targets[r]! - firstY;
      const product = x * y;
      if (Number.isNaN(product)) continue;
      n++;
      sumX += x;
      sumY += y;
      sumXx += x * x;
      sumYy += y * y;
      sumXy += product;
    }
    this.n = n;
    sums[0] = sumX;
    sums[1] = sumY;
    sums[2] = sumXx;
    sums[3] = sumYy;
    sums[4] = sumXy;
  }

  /** The squared correlation; NaN if there are too few rows, or one of both is constant. */
  get explained(): number {
    const { n } = this;
    const [x, y, xx, yy, xy] = this.sums as unknown as [number, number, number, number, number];
    if (n < MIN_ROWS) return Number.NaN;
    return (xy - (x * y) / n) ** 2 / ((xx - (x * x) / n) * (yy - (y * y) / n));
  }
}

/** Finds columns that give the target away. */
export class Leaks {
  /** `[features][targets]` */
  private readonly pairs: readonly (readonly Pair[])[];
  private readonly ranks: RankSample;
  private left = MAX_PAIRS;

  /** `isOrdered` has one entry per feature: false for one whose codes have no order. */
  constructor(isOrdered: readonly boolean[], targets: number) {
    this.pairs = isOrdered.map((ordered) => (ordered ? Array.from({ length: targets }, () => new Pair()) : []));
    this.ranks = new RankSample(isOrdered.length + targets);
  }

  /** Adds the codes of rows: an array per column, features first. */
  add(codes: readonly Float32Array[], rows: number): void {
    const width = this.pairs.length;
    this.left -= rows * width * (codes.length - width);
    if (this.left < 0) return;
    this.ranks.add(codes, rows);
    this.pairs.forEach((ofFeature, i) => {
      for (const [j, pair] of ofFeature.entries()) pair.add(codes[i]!, codes[width + j]!, rows);
    });
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

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
  private first: readonly [number, number] = [0, 0];
  private sums = { x: 0, y: 0, xx: 0, yy: 0, xy: 0 };

  add(features: Float32Array, targets: Float32Array, rows: number): void {
    // Local variables: a million rows pass here.
    let { n } = this;
    let [firstX, firstY] = this.first;
    let { x: sumX, y: sumY, xx, yy, xy } = this.sums;
    for (let r = 0; r < rows; r++) {
      const a = features[r]!;
      const b = targets[r]!;
      if (Number.isNaN(a) || Number.isNaN(b)) continue;
      if (n++ === 0) {
        firstX = a;
        firstY = b;
      }
      const x = a - firstX;
      const y = b - firstY;
      sumX += x;
      sumY += y;
      xx += x * x;
      yy += y * y;
      xy += x * y;
    }
    this.n = n;
    this.first = [firstX, firstY];
    this.sums = { x: sumX, y: sumY, xx, yy, xy };
  }

  /** The squared correlation; NaN if there are too few rows, or one of both is constant. */
  get explained(): number {
    const { n } = this;
    const { x, y, xx, yy, xy } = this.sums;
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

import { OrderedLists } from '../../model/baseline/sketches/ordered-lists.js';
import { conformalP, type OrderedSample, sampleScore } from '../../model/baseline/sketches/ordered-sample.js';

/** An ordered sample with the p-value and the normal score of every rank computed in advance. */
export class RankTable {
  /** The conformal p-value and the normal score of the latest value. */
  p = 1;
  score = 0;
  readonly values: OrderedLists;
  /** The score of a value equal to each of the sample's values. */
  readonly tiedScores: Float64Array;
  /** The score of a value in the gap before each of the sample's values, and after the last. */
  readonly gapScores: Float64Array;
  readonly ps: Float64Array;

  constructor(sample: OrderedSample) {
    const { values } = sample;
    const size = values.length;
    this.values = new OrderedLists([values]);
    this.tiedScores = new Float64Array(size);
    this.gapScores = new Float64Array(size + 1);
    this.ps = new Float64Array(size + 1);
    for (let i = 0; i <= size; i++) {
      const before = i === 0 ? Number.NEGATIVE_INFINITY : values[i - 1]!;
      const at = i === size ? Number.POSITIVE_INFINITY : values[i]!;
      // Equal values have no gap between them.
      if (at > before) this.gapScores[i] = sampleScore(sample, between(before, at));
      if (i < size) this.tiedScores[i] = sampleScore(sample, at);
      this.ps[i] = conformalP(sample, at);
    }
  }

  find(value: number): void {
    const at = this.values.countBelow(0, value);
    this.p = this.ps[at]!;
    this.score = this.values.numbers[at] === value ? this.tiedScores[at]! : this.gapScores[at]!;
  }
}

/** Returns a number above `low` and below `high`. */
function between(low: number, high: number): number {
  if (low === Number.NEGATIVE_INFINITY) return high - 1 - Math.abs(high);
  if (high === Number.POSITIVE_INFINITY) return low + 1 + Math.abs(low);
  return (low + high) / 2;
}

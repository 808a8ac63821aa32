import { createRandom, type Random } from '../../src/base/statistics/random.js';
import { TOTAL_ROWS, TOTAL_SCORES } from '../../src/drift/counts/assembly/fields.js';
import { RowCounts } from '../../src/drift/counts/row-counts.js';
import { channelsOf, GROUPS, type Group } from '../../src/drift/rows/channels.js';
import { RowReader } from '../../src/drift/rows/row-reader.js';
import { groupAlpha, testWindow, type WindowTest } from '../../src/drift/window/window-test.js';
import type { Baseline } from '../../src/model/baseline/baseline.js';
import type { Bins } from '../../src/model/baseline/sketches/bins.js';
import type { Split } from './housing.js';

export const JOINT = 'this monitor, max-T in place of Bonferroni';

/** Baselines drawn per window size, and windows per baseline. */
const BASELINES = 20;
const WINDOWS = 500;

/**
 * Westfall and Young's (1993) joint calibration: the distribution of the strongest test of a group by chance, which takes the
 * dependence of the tests of a window into account. It uses a double bootstrap, because the baseline is a sample as well. The
 * guards, whose tests are exact and nearly independent, keep their own thresholds.
 */
export class JointCalibration {
  private readonly baseline: Baseline;
  private readonly rows: number;
  /** Bins `[rows, channels]` and scores `[rows]` of the rows from which the baseline was made. */
  private readonly bins: Uint8Array;
  private readonly scores: Float64Array;
  private readonly limits = new Map<number, ReadonlyMap<Group, number>>();

  constructor({ baseline, reference }: Split) {
    const channels = channelsOf(baseline);
    const reader = new RowReader(baseline, channels);
    this.baseline = baseline;
    this.rows = reference.count;
    this.bins = new Uint8Array(reference.count * channels.length);
    this.scores = new Float64Array(reference.count);
    for (let r = 0; r < reference.count; r++) {
      reader.read(reference.rows, reference.outputs, reference.errors, r);
      this.bins.set(reader.bins, r * channels.length);
      this.scores[r] = reader.errorScore;
    }
  }

  /** Returns whether the test of a window is an alarm at the joint false alarm probability `alpha`. */
  isAlarmed(test: WindowTest, alpha: number): boolean {
    const limits = this.limits.get(test.rows) ?? this.calibrate(test.rows, alpha);
    this.limits.set(test.rows, limits);
    return test.groups.some(({ group, alarm }) =>
      group === 'guards' ? alarm : strongest(test, group) < limits.get(group)!,
    );
  }

  private calibrate(n: number, alpha: number): ReadonlyMap<Group, number> {
    const random = createRandom(n);
    const strongestByGroup = new Map(GROUPS.map((group) => [group, [] as number[]]));
    for (let b = 0; b < BASELINES; b++) {
      const baseline = this.drawBaseline(random);
      const channels = channelsOf(baseline);
      const missing = new Float64Array(channels.length).fill(1);
      for (let w = 0; w < WINDOWS; w++) {
        const rowCounts = new RowCounts(channels);
        rowCounts.totals[TOTAL_ROWS] = n;
        for (let i = 0; i < n; i++) {
          const row = random.below(this.rows);
          for (let c = 0; c < channels.length; c++) {
            rowCounts.counts[channels[c]!.offset + this.bins[row * channels.length + c]!]!++;
          }
          rowCounts.totals[TOTAL_SCORES]! += this.scores[row]!;
        }
        const test = testWindow(baseline, rowCounts, alpha, missing)!;
        for (const group of GROUPS) strongestByGroup.get(group)!.push(strongest(test, group));
      }
    }
    return new Map(
      GROUPS.map((group) => {
        const sorted = Float64Array.from(strongestByGroup.get(group)!).sort();
        return [group, sorted[Math.round(sorted.length * groupAlpha(group, GROUPS, alpha))]!];
      }),
    );
  }

  /** Draws a baseline by resampling its rows with replacement. */
  private drawBaseline(random: Random): Baseline {
    const { baseline, rows, bins, scores } = this;
    const channels = channelsOf(baseline);
    const counts = channels.map((channel) => new Array<number>(channel.bins.counts.length).fill(0));
    let mean = 0;
    let squares = 0;
    for (let i = 0; i < rows; i++) {
      const row = random.below(rows);
      for (let c = 0; c < counts.length; c++) counts[c]![bins[row * channels.length + c]!]!++;
      mean += scores[row]! / rows;
      squares += scores[row]! ** 2 / rows;
    }
    const drawn = (kind: string, index: number): Bins => {
      const c = channels.findIndex((channel) => channel.kind === kind && channel.index === index);
      return { edges: channels[c]!.bins.edges, counts: counts[c]! };
    };
    const { features, outputs, error, conditional } = baseline;
    return {
      ...baseline,
      features: features.map((feature, j) => ({ ...feature, bins: drawn('feature', j) })),
      outputs: outputs.map((output, j) => ({ ...output, bins: drawn('output', j) })),
      error: { ...error, bins: drawn('error', 0), mean_score: mean, score_variance: squares - mean * mean },
      conditional: conditional && { ...conditional, bins: features.map((_, j) => drawn('conditional', j)) },
    };
  }
}

/** Returns ln of the smallest p-value among the relevant tests of the group. */
function strongest({ evidence }: WindowTest, group: Group): number {
  return evidence.reduce((min, one) => (one.group === group && one.matters ? Math.min(min, one.logP) : min), 0);
}

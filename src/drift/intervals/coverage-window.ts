import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { Dependence, DependenceState } from '../feedback/dependence.js';
import { type LabelledWindow, type TestedWindow, testedWindow } from '../feedback/window-monitor.js';
import { type Calibration, type CoverageEvidence, testCoverage } from './coverage-test.js';

const Count = Type.Integer({ minimum: 0 });

/** Labelled rows, and `[targets, levels]` how many had their true value outside its interval. */
const CoverageCounts = Type.Object({ rows: Count, misses: Type.Array(Type.Array(Count)) });
export type CoverageCounts = Static<typeof CoverageCounts>;

/** Windows of one size on disk. */
export const CoverageWindowState = Type.Object({
  size: Type.Integer({ minimum: 1 }),
  filling: CoverageCounts,
  tested: nullable(CoverageCounts),
  tested_at: nullable(Type.Number()),
  dependence: Type.Array(Type.Array(DependenceState)),
});
export type CoverageWindowState = Static<typeof CoverageWindowState>;

/** A window that was tested: by target, then by level. Only coverage that is too low can be the strongest evidence. */
export type TestedCoverage = TestedWindow<CoverageCounts, CoverageEvidence>;

/** Counts the labelled rows that lay outside their intervals. */
export class CoverageWindow implements LabelledWindow<TestedCoverage, CoverageWindowState> {
  readonly size: number;
  readonly threshold: number;
  tested: TestedCoverage | undefined;
  private readonly calibrations: readonly Calibration[];
  /** `[targets, levels]` */
  private readonly dependence: readonly (readonly Dependence[])[];
  private filling: CoverageCounts;

  /** `calibrations`: one per level. `shorter`: the windows of half the size. */
  constructor(
    calibrations: readonly Calibration[],
    targets: number,
    size: number,
    threshold: number,
    shorter: CoverageWindow | undefined,
  ) {
    this.calibrations = calibrations;
    this.size = size;
    this.threshold = threshold;
    this.dependence = Array.from({ length: targets }, (_, j) =>
      calibrations.map((__, l) => new Dependence(size, shorter?.dependence[j]?.[l])),
    );
    this.filling = this.empty();
  }

  get filledRows(): number {
    return this.filling.rows;
  }

  /**
   * Per target: rows that carry the information of one independent row, the maximum of all levels. At a high level, few windows
   * have a miss, which hides that they come in bursts; at a low one, all have.
   */
  get designEffects(): number[] {
    return this.dependence.map((levels) => Math.max(...levels.map(({ designEffect }) => designEffect)));
  }

  /** Adds a row: `missed(target, level)` by their indices. Returns the window if the row has filled it. */
  add(missed: (target: number, level: number) => boolean, now: number): TestedCoverage | undefined {
    const { filling } = this;
    filling.rows++;
    filling.misses.forEach((levels, j) => {
      for (let l = 0; l < levels.length; l++) if (missed(j, l)) levels[l]!++;
    });
    if (filling.rows < this.size) return undefined;
    this.filling = this.empty();
    this.tested = this.test(filling, now);
    this.dependence.forEach((levels, j) => {
      levels.forEach((dependence, l) => {
        // Half a row more on each side: a window without a miss has no variance.
        const mean = (filling.misses[j]![l]! + 0.5) / (filling.rows + 1);
        dependence.add({ mean, variance: mean * (1 - mean) });
      });
    });
    return this.tested;
  }

  reset(): void {
    this.filling = this.empty();
    this.tested = undefined;
    for (const dependence of this.dependence.flat()) dependence.reset();
  }

  state(): CoverageWindowState {
    return {
      size: this.size,
      filling: structuredClone(this.filling),
      tested: this.tested?.counts ?? null,
      tested_at: this.tested?.at ?? null,
      dependence: this.dependence.map((levels) => levels.map((dependence) => dependence.state())),
    };
  }

  restore({ filling, tested, tested_at, dependence }: CoverageWindowState): void {
    this.filling = filling;
    this.dependence.forEach((levels, j) => {
      levels.forEach((one, l) => {
        one.restore(dependence[j]![l]!);
      });
    });
    this.tested = tested ? this.test(tested, tested_at ?? 0) : undefined;
  }

  private empty(): CoverageCounts {
    return { rows: 0, misses: this.dependence.map((levels) => levels.map(() => 0)) };
  }

  private test(counts: CoverageCounts, at: number): TestedCoverage {
    const { designEffects } = this;
    const evidence = counts.misses.flatMap((levels, target) =>
      levels.map((misses, l) => {
        const calibration = this.calibrations[l]!;
        const found = testCoverage({ rows: counts.rows, misses }, calibration, designEffects[target]!);
        return { target, level: calibration.level, ...found };
      }),
    );
    return testedWindow(counts, evidence, at);
  }
}

import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { PredictionErrors } from '../../model/baseline/prediction-errors.js';
import { Dependence, DependenceState } from './dependence.js';
import { addCounts, ErrorCounts, emptyCounts } from './error-counts.js';
import { type DesignEffects, type ErrorEvidence, rankMoments, testErrors } from './error-tests.js';

const TargetDependence = Type.Object({ magnitude: DependenceState, bias: DependenceState });

/** Windows of one size on disk. */
export const ErrorWindowState = Type.Object({
  size: Type.Integer({ minimum: 1 }),
  filling: ErrorCounts,
  tested: nullable(ErrorCounts),
  tested_at: nullable(Type.Number()),
  dependence: Type.Array(TargetDependence),
});
export type ErrorWindowState = Static<typeof ErrorWindowState>;

/** A window that was tested. */
export interface TestedErrors {
  readonly counts: ErrorCounts;
  readonly evidence: readonly ErrorEvidence[];
  /** ln of the smallest p-value of a test whose difference matters, times the number of tests; at most 0. */
  readonly logP: number;
  /** The test that has it; undefined if no difference matters. */
  readonly strongest: ErrorEvidence | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Windows of `size` labelled rows, which follow one another. Each is tested once. */
export class ErrorWindow {
  readonly size: number;
  /** The p-value below which a window raises the alarm. */
  readonly threshold: number;
  /** The latest window; undefined before the first is full. */
  tested: TestedErrors | undefined;
  private readonly reference: PredictionErrors;
  private readonly dependence: readonly Record<'magnitude' | 'bias', Dependence>[];
  private filling: ErrorCounts;

  /** `assumedEffect`: the design effect until enough windows have been seen. */
  constructor(reference: PredictionErrors, size: number, threshold: number, assumedEffect: number) {
    this.reference = reference;
    this.size = size;
    this.threshold = threshold;
    this.filling = emptyCounts(reference);
    const start = () => new Dependence(size, assumedEffect);
    this.dependence = reference.targets.map(() => ({ magnitude: start(), bias: start() }));
  }

  get filledRows(): number {
    return this.filling.rows;
  }

  /** Per target; each at least 1. Windows that were tested before decide. */
  get designEffects(): DesignEffects[] {
    return this.dependence.map(({ magnitude, bias }) => ({
      magnitude: magnitude.designEffect,
      bias: bias.designEffect,
    }));
  }

  /** Adds a row. `floor` are the design effects of shorter windows, per target: longer windows have no smaller ones. */
  add(row: ErrorCounts, floor: () => readonly DesignEffects[], now: number): TestedErrors | undefined {
    addCounts(this.filling, row);
    if (this.filling.rows < this.size) return undefined;
    const counts = this.filling;
    this.filling = emptyCounts(this.reference);
    this.tested = this.test(counts, larger(this.designEffects, floor()), now);
    counts.targets.forEach(({ magnitudes, errors }, j) => {
      const held = this.reference.targets[j]!;
      this.dependence[j]!.magnitude.add(rankMoments(magnitudes, held.magnitudes));
      this.dependence[j]!.bias.add(rankMoments(errors, held.errors));
    });
    return this.tested;
  }

  reset(): void {
    this.filling = emptyCounts(this.reference);
    this.tested = undefined;
    for (const { magnitude, bias } of this.dependence) {
      magnitude.reset();
      bias.reset();
    }
  }

  state(): ErrorWindowState {
    return {
      size: this.size,
      filling: structuredClone(this.filling),
      tested: this.tested?.counts ?? null,
      tested_at: this.tested?.at ?? null,
      dependence: this.dependence.map(({ magnitude, bias }) => ({ magnitude: magnitude.state(), bias: bias.state() })),
    };
  }

  /** Restores a state of the same reference. `floor` as in `add`. */
  restore({ filling, tested, tested_at, dependence }: ErrorWindowState, floor: readonly DesignEffects[]): void {
    this.filling = filling;
    dependence.forEach(({ magnitude, bias }, j) => {
      this.dependence[j]!.magnitude.restore(magnitude);
      this.dependence[j]!.bias.restore(bias);
    });
    this.tested = tested ? this.test(tested, larger(this.designEffects, floor), tested_at ?? 0) : undefined;
  }

  private test(counts: ErrorCounts, designEffects: readonly DesignEffects[], at: number): TestedErrors {
    const evidence = testErrors(this.reference, counts, designEffects);
    const [strongest] = evidence.filter(({ matters }) => matters).sort((a, b) => a.logP - b.logP);
    return {
      counts,
      evidence,
      logP: strongest ? Math.min(0, strongest.logP + Math.log(evidence.length)) : 0,
      strongest,
      at,
    };
  }
}

/** The larger design effect of each target and test. */
export function larger(a: readonly DesignEffects[], b: readonly DesignEffects[]): DesignEffects[] {
  return a.map(({ magnitude, bias }, j) => ({
    magnitude: Math.max(magnitude, b[j]?.magnitude ?? 1),
    bias: Math.max(bias, b[j]?.bias ?? 1),
  }));
}

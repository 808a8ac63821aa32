import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import { Dependence, DependenceState } from './dependence.js';
import { addCounts, ErrorCounts, emptyCounts } from './error-counts.js';
import { type DesignEffects, type ErrorEvidence, rankMoments, testErrors } from './error-tests.js';
import { type LabelledWindow, type TestedWindow, testedWindow } from './window-monitor.js';

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
export type TestedErrors = TestedWindow<ErrorCounts, ErrorEvidence>;

/** Counts the errors on labelled rows. */
export class ErrorWindow implements LabelledWindow<TestedErrors, ErrorWindowState> {
  readonly size: number;
  readonly threshold: number;
  tested: TestedErrors | undefined;
  private readonly reference: PredictionErrors;
  private readonly dependence: readonly Record<'magnitude' | 'bias', Dependence>[];
  private filling: ErrorCounts;

  /** `shorter`: the windows of half the size. */
  constructor(reference: PredictionErrors, size: number, threshold: number, shorter: ErrorWindow | undefined) {
    this.reference = reference;
    this.size = size;
    this.threshold = threshold;
    this.filling = emptyCounts(reference);
    this.dependence = reference.targets.map((_, j) => ({
      magnitude: new Dependence(size, shorter?.dependence[j]?.magnitude),
      bias: new Dependence(size, shorter?.dependence[j]?.bias),
    }));
  }

  get filledRows(): number {
    return this.filling.rows;
  }

  /** Per target; each at least 1. */
  get designEffects(): DesignEffects[] {
    return this.dependence.map(({ magnitude, bias }) => ({
      magnitude: magnitude.designEffect,
      bias: bias.designEffect,
    }));
  }

  /** Adds a row. Returns the window if the row has filled it. */
  add(row: ErrorCounts, now: number): TestedErrors | undefined {
    addCounts(this.filling, row);
    if (this.filling.rows < this.size) return undefined;
    const counts = this.filling;
    this.filling = emptyCounts(this.reference);
    this.tested = this.test(counts, now);
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

  restore({ filling, tested, tested_at, dependence }: ErrorWindowState): void {
    this.filling = filling;
    dependence.forEach(({ magnitude, bias }, j) => {
      this.dependence[j]!.magnitude.restore(magnitude);
      this.dependence[j]!.bias.restore(bias);
    });
    this.tested = tested ? this.test(tested, tested_at ?? 0) : undefined;
  }

  private test(counts: ErrorCounts, at: number): TestedErrors {
    return testedWindow(counts, testErrors(this.reference, counts, this.designEffects), at);
  }
}

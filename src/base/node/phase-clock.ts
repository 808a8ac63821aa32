/** Seconds that each phase took, by name, in the order in which the phases ended. */
export type Phases = Record<string, number>;

/** Measures how long each phase of some work takes. */
export class PhaseClock {
  readonly phases: Phases = {};
  private start = performance.now();

  /** Ends a phase, which began when the previous phase ended, and begins the next. */
  end(phase: string): void {
    const now = performance.now();
    this.phases[phase] = (this.phases[phase] ?? 0) + (now - this.start) / 1000;
    this.start = now;
  }
}

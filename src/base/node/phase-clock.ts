/** Seconds that each phase took, by name, in the order they were passed. */
export type Phases = Record<string, number>;

/** Tells where the time of something with several phases went. */
export class PhaseClock {
  readonly phases: Phases = {};
  private since = performance.now();

  /** Ends a phase, which began when the one before ended, and begins the next. */
  end(phase: string): void {
    const now = performance.now();
    this.phases[phase] = (this.phases[phase] ?? 0) + (now - this.since) / 1000;
    this.since = now;
  }
}

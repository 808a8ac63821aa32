import type { TrialOptions, TrialReport } from '../../versions/search.js';
import { type Estimate, estimate, lossCap } from './judge.js';

interface Step {
  /** The predictions by each network, `[rows, targets]`. */
  readonly outputs: Float32Array[];
  /** Of the average of all members' predictions, by row. */
  losses: Float64Array | undefined;
  /** The sum of the losses of a single network, the mean over the members. */
  single: number;
}

/** A configuration that a search tries. */
export class Trial {
  readonly number: number;
  readonly options: TrialOptions;
  state: TrialReport['state'] = 'running';
  /** The rung that it has reached. */
  rung = 1;
  /** The steps that count in its error. */
  counted: readonly number[] = [];
  /** Seconds of its trainings. */
  seconds = 0;
  /** Why it failed. */
  message: string | undefined;
  /** The trial that all are compared with. */
  private readonly first: Trial;
  private readonly steps = new Map<number, Step>();

  constructor(number: number, options: TrialOptions, first?: Trial) {
    this.number = number;
    this.options = options;
    this.first = first ?? this;
  }

  /** Adds the predictions of one network. Once there are those of all members, `judge` returns the losses of their average. */
  add(step: number, outputs: Float32Array, judge: (outputs: Float32Array) => Float64Array): void {
    const found = this.steps.get(step) ?? { outputs: [], losses: undefined, single: 0 };
    this.steps.set(step, found);
    found.outputs.push(outputs);
    const { length } = found.outputs;
    if (length < this.options.members) return;
    found.losses = judge(outputs.map((_, i) => found.outputs.reduce((sum, each) => sum + each[i]!, 0) / length));
    found.single = found.outputs.reduce((sum, each) => sum + sumOf(judge(each)), 0) / length;
  }

  /** The mean loss of the average, by the mean loss of its networks: at most 1. */
  gain(among: readonly number[]): number {
    const done = this.done(among);
    return sumOf(this.allLosses(done)) / done.reduce((sum, step) => sum + this.steps.get(step)!.single, 0);
  }

  /** The predictions of a step by its first network. */
  outputs(step: number): Float32Array | undefined {
    return this.steps.get(step)?.outputs[0];
  }

  has(step: number): boolean {
    return this.steps.get(step)?.losses !== undefined;
  }

  /** The steps of `among` that are done. */
  done(among: readonly number[]): number[] {
    return among.filter((step) => this.has(step));
  }

  /** The losses of these steps, which are done, one after the other. Those beyond the cap that the first trial sets are the cap. */
  losses(steps: readonly number[]): Float64Array {
    const { first } = this;
    const cap = lossCap(first.allLosses(first.done(steps)));
    return this.allLosses(steps).map((loss) => Math.min(loss, cap));
  }

  private allLosses(steps: readonly number[]): Float64Array {
    return Float64Array.from(steps.flatMap((step) => Array.from(this.steps.get(step)!.losses!)));
  }

  /** The mean loss of these steps less that of another trial, paired by row; undefined if no step is done by both. */
  against(other: Trial, among: readonly number[]): Estimate | undefined {
    const common = this.done(among).filter((step) => other.has(step));
    if (common.length === 0) return undefined;
    const theirs = other.losses(common);
    return estimate(this.losses(common).map((loss, i) => loss - theirs[i]!));
  }

  /** Frees its predictions. */
  forget(): void {
    for (const step of this.steps.values()) step.outputs.length = 0;
  }

  report(): TrialReport {
    const { number, options, state, rung, seconds, message } = this;
    const losses = this.losses(this.done(this.counted));
    const { mean, standardError } = estimate(losses);
    const error = Math.sqrt(mean);
    const isKnown = losses.length > 1 && Number.isFinite(error);
    return {
      trial: number,
      options,
      state,
      rung,
      rows: losses.length,
      error: isKnown ? error : null,
      // The delta method.
      standard_error: isKnown ? (error > 0 ? standardError / (2 * error) : 0) : null,
      seconds,
      ...(message !== undefined && { message }),
    };
  }
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

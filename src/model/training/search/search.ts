import { DomainError } from '../../../base/domain-error.js';
import type { Search, TrialOptions, TrialReport } from '../../versions/search.js';
import { memberSeed } from '../training.js';
import type { TrainingOptions } from '../training-options.js';
import { type Estimate, Judge } from './judge.js';
import { ETA, type Plan, planOf, type Rung } from './plan.js';
import { configurations } from './search-space.js';
import type { SearchTerms } from './search-terms.js';
import type { SharedTable } from './shared-table.js';
import type { TrainingPool } from './training-pool.js';
import { Trial } from './trial.js';

/** Trials that go on to the next rung, at least, beside the first. */
const MIN_SURVIVORS = 2;

/** Networks of an average, those beside the first, and the units of its widest layer, at most: a prediction takes the longer the wider they are. */
const MEMBERS = 3;
const OTHER_MEMBERS = [1, 2];
const MAX_MERGED_UNITS = 300;

/** An average is chosen if its mean loss is at most this part of that of its networks, or else it is not worth its time. */
const WORTH = 0.98;

/** Trainings of a search, and what it does not change. */
export interface SearchParts {
  readonly pool: TrainingPool;
  /** The rows that trials may train on and judge by: the held-out rows are not among them. */
  readonly table: SharedTable;
  readonly options: TrainingOptions;
  readonly terms: SearchTerms;
  /** Whether targets may be learned as logarithms. */
  readonly offersLog: boolean;
  /** Called when a trial has changed. `secondsLeft` is an estimate; undefined if there is none. */
  readonly onTrial: (trial: TrialReport, secondsLeft: number | undefined) => void;
  /** Ends the search, which returns the best so far. */
  readonly stop: AbortSignal;
}

/** A training of a trial. */
interface Task {
  readonly trial: Trial;
  readonly step: number;
  readonly seed: number;
}

/**
 * Searches for options by successive halving: all trials are judged by a part of what can be judged by, and the better third of them
 * goes on to the next rung, which takes more: Jamieson and Talwalkar 2016, Non-stochastic Best Arm Identification and
 * Hyperparameter Optimization. The first trial is `options`, and goes on to the end. Another is chosen only if its error is smaller by
 * more than a standard error of the difference. The squared error of an average of networks is never larger than theirs in the mean:
 * it is chosen if the gain is worth the time that it takes. Without a bound of the time, the result does not depend on the number of
 * threads.
 */
export class HalvingSearch {
  private readonly parts: SearchParts;
  private readonly plan: Plan;
  private readonly judge: Judge;
  private readonly space: Iterator<TrialOptions>;
  private readonly trials: Trial[] = [];
  private readonly started = Date.now();
  private readonly deadline: number | undefined;
  /** Aborted when the search is stopped, and when its time is over. */
  private readonly over: AbortSignal;
  private counted: readonly number[] = [];
  /** The averages that were tried, by the trial of the network alone. */
  private readonly averages = new Map<Trial, Trial>();
  /** Trainings that have ended. */
  private ended = 0;

  constructor(parts: SearchParts) {
    this.parts = parts;
    const { table, options, terms, offersLog } = parts;
    this.plan = planOf(table, terms.trials);
    this.judge = new Judge(table);
    this.space = configurations(options, offersLog);
    const { seconds } = terms;
    this.deadline = seconds === undefined ? undefined : this.started + 1000 * seconds;
    this.over =
      seconds === undefined
        ? parts.stop
        : AbortSignal.any([parts.stop, AbortSignal.timeout(Math.ceil(1000 * seconds))]);
  }

  /** Returns what is known before the first trial. */
  get report(): Omit<Search, 'state' | 'reason' | 'chosen' | 'trials'> {
    const { plan, trials, started, parts } = this;
    return {
      folds: plan.count,
      rungs: plan.rungs.length,
      rows: parts.table.rows,
      threads: parts.pool.size,
      seconds: (Date.now() - started) / 1000,
      tried: trials.length,
    };
  }

  /** Resolves with the search and the options that it has chosen. */
  async run(): Promise<{ search: Search; chosen: TrialOptions }> {
    const { stop, pool } = this.parts;
    // A training does not look at the clock before its first epoch.
    const close = () => void pool.close();
    this.over.addEventListener('abort', close, { once: true });
    try {
      await this.halve();
      this.stepBack();
      await this.averageBest();
    } finally {
      this.over.removeEventListener('abort', close);
    }
    const { trial, reason } = this.choose();
    for (const each of this.trials) if (each.state === 'running') each.state = 'unfinished';
    const search: Search = {
      ...this.report,
      state: stop.aborted ? 'stopped' : 'finished',
      reason,
      chosen: trial.number,
      trials: this.trials.map((each) => each.report()),
    };
    return { search, chosen: trial.options };
  }

  private async halve(): Promise<void> {
    const { rungs } = this.plan;
    let survivors: readonly Trial[] = this.trials;
    for (const [i, rung] of rungs.entries()) {
      this.counted = rung.counted;
      for (const trial of survivors) this.change(trial, { rung: i + 1, counted: rung.counted });
      await this.runAll(i === 0 ? this.firstTasks(rung) : this.tasks(survivors, rung), rung.share);
      survivors = this.survivorsOf(survivors, rung, i === rungs.length - 1);
    }
  }

  /** Yields the trainings of new trials. */
  private *firstTasks(rung: Rung): Generator<Task> {
    const { terms, options } = this.parts;
    while (this.trials.length < terms.trials) {
      const trial = new Trial(this.trials.length + 1, this.space.next().value as TrialOptions, this.trials[0]);
      this.trials.push(trial);
      this.change(trial, { counted: rung.counted });
      for (const step of rung.steps) yield { trial, step, seed: options.seed };
    }
  }

  private nextTrial(): Trial {
    const trial = new Trial(this.trials.length + 1, this.space.next().value as TrialOptions);
    this.trials.push(trial);
    return trial;
  }

  /** Yields the trainings of trials, step by step: so they are judged by the same rows when the time is over. */
  private *tasks(trials: readonly Trial[], { steps }: Rung): Generator<Task> {
    for (const step of steps) for (const trial of trials) yield { trial, step, seed: this.parts.options.seed };
  }

  /** Returns the trials that go on after a rung, the first of all among them, and ends the others. */
  private survivorsOf(trials: readonly Trial[], { counted }: Rung, isLast: boolean): Trial[] {
    const running = trials.filter(({ state }) => state === 'running');
    const done = running.filter((trial) => trial.done(counted).length === counted.length);
    const ranked = done.toSorted((a, b) => this.meanLoss(a) - this.meanLoss(b) || a.number - b.number);
    const count = isLast ? ranked.length : Math.max(MIN_SURVIVORS, Math.ceil(trials.length / ETA));
    const kept = new Set(ranked.slice(0, count));
    for (const trial of running) {
      // Without the first one, there would be nothing to compare with.
      if (kept.has(trial) || trial.number === 1) {
        if (isLast) this.change(trial, { state: kept.has(trial) ? 'finished' : 'unfinished' });
      } else {
        this.change(trial, { state: done.includes(trial) ? 'dropped' : 'unfinished' });
        trial.forget();
      }
    }
    return running.filter((trial) => kept.has(trial) || trial.number === 1);
  }

  /** Goes back to the last rung that has compared a trial with the first: the time may have been over before. */
  private stepBack(): void {
    const { rungs } = this.plan;
    for (let i = rungs.length - 1; i >= 0; i--) {
      this.counted = rungs[i]!.counted;
      const [first, ...others] = this.compared();
      if (first && others.some((trial) => trial.against(first, this.counted))) return;
    }
  }

  /** Tries averages of networks: of the best trial, and of the first. */
  private async averageBest(): Promise<void> {
    const { options } = this.parts;
    if (options.members !== undefined || this.plan.count === 1 || this.parts.stop.aborted) return;
    const ranked = this.compared().toSorted((a, b) => this.ratio(a) - this.ratio(b) || a.number - b.number);
    const rung = this.plan.rungs.length + 1;
    const bases = new Set([ranked[0], ...ranked.filter(({ number }) => number === 1)]);
    for (const base of bases) {
      if (!base || MEMBERS * Math.max(...base.options.hidden) > MAX_MERGED_UNITS) continue;
      const trial = new Trial(this.trials.length + 1, { ...base.options, members: MEMBERS }, this.trials[0]);
      this.trials.push(trial);
      this.averages.set(base, trial);
      this.change(trial, { rung, counted: this.counted });
    }
    const averages = Array.from(this.averages);
    const tasks = this.counted.flatMap((step) =>
      averages.flatMap(([base, trial]) => {
        const outputs = base.outputs(step);
        if (!outputs) return [];
        this.add(trial, step, outputs);
        return OTHER_MEMBERS.map((member) => ({ trial, step, seed: memberSeed(options.seed, member) }));
      }),
    );
    await this.runAll(tasks, 1);
    for (const trial of this.averages.values()) {
      if (trial.state !== 'running') continue;
      this.change(trial, { state: trial.done(this.counted).length > 0 ? 'finished' : 'unfinished' });
    }
  }

  /** Runs trainings in as many lanes as there are threads. No training begins after `share` of the time. */
  private async runAll(tasks: Iterable<Task>, share: number): Promise<void> {
    const iterator = tasks[Symbol.iterator]();
    const lane = async () => {
      while (!this.isOver(share)) {
        const next = iterator.next();
        if (next.done) return;
        await this.runTask(next.value);
      }
    };
    await Promise.all(Array.from({ length: this.parts.pool.size }, lane));
  }

  private async runTask({ trial, step, seed }: Task): Promise<void> {
    if (trial.state !== 'running') return;
    const { pool, options } = this.parts;
    const configuration = { ...options, ...trial.options, seed, members: 1 };
    try {
      const fold = this.plan.folds[step]!;
      const { outputs, seconds } = await pool.run({ ...fold, configuration, deadline: this.deadline });
      trial.seconds += seconds;
      this.ended++;
      if (!outputs.every(Number.isFinite)) throw new DomainError('TRAINING_DIVERGED', 'its predictions are not finite');
      this.add(trial, step, outputs);
      this.change(trial, {});
    } catch (error) {
      if (this.over.aborted || (error instanceof DomainError && error.code === 'TRAINING_CANCELLED')) return;
      const message = error instanceof DomainError ? error.message : 'the thread that trained it ended';
      this.change(trial, { state: 'failed', message });
    }
  }

  private add(trial: Trial, step: number, outputs: Float32Array): void {
    const { judged } = this.plan.folds[step]!;
    trial.add(step, outputs, (average) => this.judge.losses(judged, average));
  }

  /** Chooses a trial, and says why. */
  private choose(): { trial: Trial; reason: string } {
    // The time may have been over before the first one began.
    const first = this.trials[0] ?? this.nextTrial();
    const best = this.better(first) ?? first;
    const average = this.averages.get(best);
    const chosen = average && this.isWorth(average) ? average : best;
    const tried = `${this.trials.length} ${this.trials.length === 1 ? 'trial' : 'trials'}`;
    if (chosen === first) {
      const isCompared = this.compared().some((trial) => trial !== first && trial.against(first, this.counted));
      const reason = isCompared
        ? 'none was shown to be better than the first'
        : 'the time was too short to compare them';
      return { trial: first, reason: `${tried}: ${reason}` };
    }
    // An average that was judged by fewer rows than its networks cannot be compared with the first.
    const isJudged = chosen.done(this.counted).length >= best.done(this.counted).length;
    const { error, standard_error } = (isJudged ? chosen : best).report();
    const { error: former } = first.report();
    const against = former === null ? 'the first failed' : `against ${former.toFixed(3)} of the first`;
    const found = `error ${error!.toFixed(3)} ± ${standard_error!.toFixed(3)} ${against}`;
    const named = isJudged
      ? `trial ${chosen.number}`
      : `trial ${chosen.number}, an average of networks as in trial ${best.number}`;
    return { trial: chosen, reason: `${tried}: the best is ${named}, ${found}` };
  }

  /** An average is better in the mean. Where there was no time to find out by how much, it is chosen as well. */
  private isWorth(average: Trial): boolean {
    return average.done(this.counted).length === 0 || average.gain(this.counted) <= WORTH;
  }

  /** The trials that may be chosen: those that have come furthest. */
  private compared(): Trial[] {
    return this.trials
      .filter(({ state }) => state === 'finished' || state === 'unfinished')
      .filter((trial) => trial.done(this.counted).length > 0);
  }

  /** Returns the best of the trials that are better than the first by more than a standard error. */
  private better(first: Trial): Trial | undefined {
    return this.compared()
      .filter((trial) => trial !== first && trial.options.members === first.options.members)
      .filter((trial) => trial.done(this.counted).length >= first.done(this.counted).length)
      .filter((trial) => {
        const difference = this.difference(trial, first);
        return difference ? difference.mean < -difference.standardError : first.state === 'failed';
      })
      .sort((a, b) => this.ratio(a) - this.ratio(b) || a.number - b.number)[0];
  }

  /** Compares two trials: their averages, which depend less on the seed, if both have all of their predictions. */
  private difference(trial: Trial, first: Trial): Estimate | undefined {
    const [average, ofFirst] = [this.averages.get(trial), this.averages.get(first)];
    const areDone = [average, ofFirst].every((each) => each?.done(this.counted).length === this.counted.length);
    return areDone ? average!.against(ofFirst!, this.counted) : trial.against(first, this.counted);
  }

  /** The mean loss of a trial by that of the first, of the same rows; its mean loss if the first has failed. */
  private ratio(trial: Trial): number {
    const [first] = this.trials;
    const difference = first && trial.against(first, this.counted);
    if (!difference) return this.meanLoss(trial);
    const common = first.done(this.counted).filter((step) => trial.has(step));
    return 1 + difference.mean / (meanOf(first.losses(common)) || 1);
  }

  private meanLoss(trial: Trial): number {
    return meanOf(trial.losses(trial.done(this.counted)));
  }

  /** Returns whether this share of the time is over, or the search was stopped. */
  private isOver(share: number): boolean {
    const { terms } = this.parts;
    if (this.over.aborted) return true;
    return terms.seconds !== undefined && Date.now() - this.started > 1000 * share * terms.seconds;
  }

  /** Estimates the time that the search still takes: at most that of the trainings that it would do, and until its deadline. */
  private secondsLeft(): number | undefined {
    const { terms } = this.parts;
    const untilDeadline = this.deadline === undefined ? Number.POSITIVE_INFINITY : (this.deadline - Date.now()) / 1000;
    const planned = trainingsOf(this.plan, terms.trials);
    const elapsed = (Date.now() - this.started) / 1000;
    const byTrainings = this.ended > 0 ? (elapsed / this.ended) * (planned - this.ended) : Number.POSITIVE_INFINITY;
    const seconds = Math.max(0, Math.min(untilDeadline, byTrainings));
    return Number.isFinite(seconds) ? seconds : undefined;
  }

  private change(trial: Trial, change: Partial<Pick<Trial, 'state' | 'rung' | 'counted' | 'message'>>): void {
    Object.assign(trial, change);
    this.parts.onTrial(trial.report(), this.secondsLeft());
  }
}

/** Returns how many trainings a search of `trials` trials does, averages included. */
function trainingsOf({ rungs, folds, count }: Plan, trials: number): number {
  const averages = count > 1 ? 2 * OTHER_MEMBERS.length * folds.length : 0;
  return rungs.reduce((sum, { steps }, i) => sum + steps.length * Math.max(i, Math.ceil(trials / ETA ** i)), averages);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

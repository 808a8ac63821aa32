import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { DomainError } from '../../../base/domain-error.js';
import { PhaseClock } from '../../../base/node/phase-clock.js';
import type { EngineName } from '../../../model/engines/load-engine.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { GateRequest } from '../../../model/training/gate/serving-model.js';
import { runTraining, type SearchFollower } from '../../../model/training/process/trainer.js';
import type { TrainingOptions } from '../../../model/training/training-options.js';
import { thinHistory } from '../../../model/versions/history.js';
import type { Epoch } from '../../../model/versions/metrics.js';
import type { Job } from './job.js';
import { GATED, Promotion, type PromotionOptions, type PromotionTerms } from './promotion.js';
import { RunningJob } from './running-job.js';
import type { Shadow } from './shadow.js';

/** Ended jobs that can still be queried. */
const MAX_ENDED_JOBS = 100;

export interface JobsOptions extends PromotionOptions {
  readonly engine: EngineName;
}

/** Everything a training starts with. */
interface Start {
  readonly running: RunningJob;
  /** Releases the place of the one training that may run; does nothing the second time. */
  readonly release: () => void;
  readonly stage: string;
  readonly promotion: Promotion;
  readonly gate: GateRequest;
  readonly clock: PhaseClock;
}

/**
 * Trainings, one at a time. A training whose version answers in the shadow has released its place: another may start, but
 * not one that also asks for a shadow. Emits `epoch`, `progress` for that and for a change of the search, `shadow` when a version begins to answer there, and `end`, each with
 * the job.
 */
export class TrainingJobs extends EventEmitter<{
  epoch: [Job];
  progress: [Job];
  shadow: [Job];
  end: [Job];
}> {
  private readonly options: JobsOptions;
  private readonly jobs = new Map<string, Job>();
  /** By the job's id. */
  private readonly running = new Map<string, RunningJob>();
  /** Held by the one training that may run. */
  private place: symbol | undefined;
  private closed = false;
  /** Whether a table is being read for a report. */
  private reading = false;

  constructor(options: JobsOptions) {
    super();
    this.options = options;
    // Each client that follows a job's events listens here.
    this.setMaxListeners(0);
  }

  /**
   * Starts a training on the table that `prepare` writes to the directory passed to it. The place is taken before that. With
   * `arrives`, `prepare` takes it by calling `arrived`, at the latest when it ends: a client that sends its table slowly, or
   * not at all, must not hold the place. Rejects with `TRAINING_RUNNING`, or with what `prepare` and `Promotion` throw.
   */
  async start(
    prepare: (directory: string, arrived: () => void) => Promise<TableInfo> | TableInfo,
    options: TrainingOptions,
    terms: PromotionTerms = GATED,
    arrives = false,
  ): Promise<Job> {
    let release: (() => void) | undefined;
    const takePlace = () => {
      release ??= this.takePlace(terms);
      return release;
    };
    if (arrives) this.requirePlace(terms);
    else takePlace();
    const { store } = this.options;
    const clock = new PhaseClock();
    let stage: string | undefined;
    try {
      const promotion = new Promotion(this.options, terms);
      stage = await store.stage();
      const table = await prepare(join(stage, 'table'), takePlace);
      takePlace();
      const gate = await promotion.request(stage, table);
      if (this.closed) throw new DomainError('NOT_READY', 'shutting down');
      clock.end('receive');
      const running = new RunningJob(options, table);
      const { job } = running;
      this.jobs.set(job.id, job);
      this.running.set(job.id, running);
      this.forgetOldJobs();
      running.ended = this.run({ running, release: takePlace(), stage, promotion, gate, clock });
      return job;
    } catch (error) {
      release?.();
      if (stage) await store.discard(stage);
      throw error;
    }
  }

  /**
   * Reads the table that `prepare` writes to the directory passed to it, and keeps nothing. One is read at a time: `arrived` must be
   * called before the reading, if that begins later. Rejects with `OVERLOADED`, and with what `prepare` throws.
   */
  async read(prepare: (directory: string, arrived: () => void) => Promise<TableInfo> | TableInfo): Promise<TableInfo> {
    const { store } = this.options;
    const stage = await store.stage();
    let isReading = false;
    const begin = () => {
      if (isReading) return;
      if (this.reading) throw new DomainError('OVERLOADED', 'another table is being read for a report; try again');
      isReading = true;
      this.reading = true;
    };
    try {
      return await prepare(join(stage, 'table'), begin);
    } finally {
      if (isReading) this.reading = false;
      await store.discard(stage);
    }
  }

  /** Whether a training runs, or its table is being prepared; not one whose version answers in the shadow. */
  get isBusy(): boolean {
    return this.place !== undefined;
  }

  /** Throws `JOB_NOT_FOUND`. */
  get(id: string): Job {
    const job = this.jobs.get(id);
    if (!job) throw new DomainError('JOB_NOT_FOUND', `there is no training ${id.slice(0, 80)}`);
    this.running.get(id)?.update();
    return job;
  }

  /** Waits for a job's end. Throws `JOB_NOT_FOUND`. */
  async finished(id: string): Promise<Job> {
    const job = this.get(id);
    await this.running.get(id)?.ended;
    return job;
  }

  /**
   * Stops a job if it runs, and waits until its process has exited. The first time, while it searches as its client has asked, that ends
   * the search alone: the job trains with the best options so far. Throws `JOB_NOT_FOUND`.
   */
  async cancel(id: string): Promise<Job> {
    if (this.running.get(id)?.stopSearch()) return this.get(id);
    return this.abort(id);
  }

  private abort(id: string): Promise<Job> {
    this.running.get(id)?.abort.abort();
    return this.finished(id);
  }

  /** Cancels all running jobs, and starts no other. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Array.from(this.running.keys(), (id) => this.abort(id)));
  }

  /** Throws `TRAINING_RUNNING`. */
  private requirePlace({ shadowRows }: PromotionTerms): void {
    if (this.isBusy)
      throw new DomainError('TRAINING_RUNNING', 'a training is running already; only one runs at a time');
    const inShadow = Array.from(this.running.values()).find(({ shadow }) => shadow);
    if (inShadow && shadowRows > 0) {
      const { id, model_version } = inShadow.job;
      const reason = `version ${model_version} of training ${id} still answers in the shadow; cancel that training`;
      throw new DomainError('TRAINING_RUNNING', `shadow_rows: ${reason}, or train without a shadow`);
    }
  }

  /** Returns a function that releases the place. Throws `TRAINING_RUNNING`. */
  private takePlace(terms: PromotionTerms): () => void {
    this.requirePlace(terms);
    const place = Symbol();
    this.place = place;
    return () => {
      if (this.place === place) this.place = undefined;
    };
  }

  /** Never rejects: every error is the job's outcome. */
  private async run(start: Start): Promise<void> {
    const { running, stage, release } = start;
    const { job } = running;
    const { log } = this.options;
    log.info({ job: job.id, rows: job.rows, dropped: job.dropped, options: job.options }, 'training started');
    try {
      await this.work(start);
      running.end('succeeded');
    } catch (error) {
      await this.discard(stage);
      running.fail(error);
      if (job.state === 'failed') log.error({ job: job.id, err: error }, 'training did not succeed');
    }
    this.running.delete(job.id);
    release();
    log.info(
      { job: job.id, state: job.state, seconds: job.seconds, model_version: job.model_version },
      'training ended',
    );
    this.notify('end', job);
  }

  /** Emits an event. A listener that throws is logged: it must neither fail the job nor end the process. */
  private notify(event: 'epoch' | 'progress' | 'shadow' | 'end', job: Job): void {
    try {
      this.emit(event, job);
    } catch (err) {
      this.options.log.error({ job: job.id, err }, `a listener of the training's ${event} event failed`);
    }
  }

  /** Trains, publishes the version and brings it to production. */
  private async work({ running, release, stage, promotion, gate: terms, clock }: Start): Promise<void> {
    const { store, engine } = this.options;
    const {
      job,
      abort: { signal },
    } = running;
    const onEpoch = (epoch: Epoch) => {
      running.addEpoch(epoch);
      this.notify('epoch', job);
      this.notify('progress', job);
    };
    const onShadow = (shadow: Shadow) => {
      running.shadow = shadow;
      release();
      this.notify('shadow', job);
    };
    const request = { stage, engine, options: job.options, gate: terms };
    const search: SearchFollower = {
      onMessage: (message) => {
        running.follow(message);
        this.notify('progress', job);
      },
      stop: running.searchStop,
    };
    const { metrics, baselines, gate, phases } = await runTraining(request, onEpoch, signal, search);
    const { receive } = clock.phases;
    clock.end('training');
    const version = await store.publish(stage);
    await this.discard(stage);
    clock.end('publish');
    Object.assign(job, { metrics, baselines, gate, model_version: String(version) });
    job.gate = await promotion.settle(version, gate, onShadow, signal);
    // Only a version that was cut off in the shadow is cancelled, not one that serves already.
    if (signal.aborted && job.gate !== gate) throw new DomainError('TRAINING_CANCELLED', 'the training was cancelled');
    clock.end('swap');
    const { publish, swap } = clock.phases;
    job.phases = { receive: receive!, ...phases, publish: publish!, swap: swap! };
  }

  /** A stage that cannot be removed now is swept at the next start; it must not fail a job. */
  private async discard(stage: string): Promise<void> {
    const { store, log } = this.options;
    await store.discard(stage).catch((err: unknown) => log.error({ err }, 'the stage could not be removed'));
  }

  private forgetOldJobs(): void {
    const ended = Array.from(this.jobs.keys()).filter((id) => !this.running.has(id));
    for (const id of ended.slice(0, Math.max(0, this.jobs.size - MAX_ENDED_JOBS))) this.jobs.delete(id);
    // Only now: whoever followed their events has received every epoch.
    for (const id of ended) {
      const job = this.jobs.get(id);
      if (job) job.history = thinHistory(job.history);
    }
  }
}

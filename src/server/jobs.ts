import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { DomainError, type ErrorCode } from '../model/domain-error.js';
import type { EngineName } from '../model/engine.js';
import type { Metrics } from '../model/evaluation.js';
import { PhaseClock, type Phases } from '../model/phases.js';
import { storageError } from '../model/storage-error.js';
import type { ModelStore } from '../model/store.js';
import type { TableInfo } from '../model/table.js';
import { runTraining } from '../model/trainer.js';
import type { Epoch, TrainingOptions } from '../model/training.js';

export type JobState = 'running' | 'succeeded' | 'failed' | 'cancelled';

/** One training, as `GET /train/<id>` tells it. */
export interface Job {
  readonly id: string;
  state: JobState;
  readonly created_at: string;
  finished_at: string | null;
  /** Since its creation, in seconds. */
  seconds: number;
  /** If no early stop comes; null before the first epoch and at the end. */
  seconds_left: number | null;
  /** Seconds of each part, once it has ended well: where its time went. */
  phases: Phases;
  readonly options: TrainingOptions;
  readonly rows: number;
  readonly dropped: number;
  /** The latest epoch; 0 before the first has ended. */
  epoch: number;
  readonly history: Epoch[];
  metrics: Metrics | null;
  /** The version it became, if it did. */
  model_version: string | null;
  error: { readonly code: ErrorCode; readonly message: string } | null;
}

/** Ended jobs that can still be asked for. */
const KEPT_JOBS = 100;

export interface JobsOptions {
  readonly store: ModelStore;
  readonly engine: EngineName;
  readonly log: FastifyBaseLogger;
  /** Makes a published version the serving one. */
  readonly activate: (version: number) => Promise<unknown>;
}

/** Trainings, one at a time. Emits `epoch` and `end`, each with the job. */
export class TrainingJobs extends EventEmitter<{ epoch: [Job]; end: [Job] }> {
  private readonly options: JobsOptions;
  private readonly jobs = new Map<string, Job>();
  private readonly ends = new Map<string, Promise<void>>();
  private busy = false;
  private closed = false;
  /** `started` is on the monotonic clock, in milliseconds. */
  private running: { job: Job; abort: AbortController; started: number } | undefined;

  constructor(options: JobsOptions) {
    super();
    this.options = options;
    // Each client that follows a job's events listens here.
    this.setMaxListeners(0);
  }

  /**
   * Starts a training on the table that `prepare` writes to the directory it is given. The place is taken before the
   * first byte of a table arrives. Rejects with `TRAINING_RUNNING`, or with what `prepare` throws.
   */
  async start(prepare: (directory: string) => Promise<TableInfo> | TableInfo, options: TrainingOptions): Promise<Job> {
    if (this.busy) throw new DomainError('TRAINING_RUNNING', 'a training is running already; only one runs at a time');
    this.busy = true;
    const { store } = this.options;
    const clock = new PhaseClock();
    let stage: string | undefined;
    try {
      stage = await store.stage();
      const table = await prepare(join(stage, 'table'));
      if (this.closed) throw new DomainError('NOT_READY', 'shutting down');
      clock.end('receive');
      return this.launch(stage, table, options, clock);
    } catch (error) {
      this.busy = false;
      if (stage) await store.discard(stage);
      throw error;
    }
  }

  /** Whether a training runs, or its table arrives. */
  get isBusy(): boolean {
    return this.busy;
  }

  /** Throws `JOB_NOT_FOUND`. */
  get(id: string): Job {
    const job = this.jobs.get(id);
    if (!job) throw new DomainError('JOB_NOT_FOUND', `there is no training ${id.slice(0, 80)}`);
    if (this.running?.job === job) this.tick();
    return job;
  }

  /** Waits for a job's end. Throws `JOB_NOT_FOUND`. */
  async finished(id: string): Promise<Job> {
    const job = this.get(id);
    await this.ends.get(id);
    return job;
  }

  /** Stops a job if it runs, and waits until its process is gone. Throws `JOB_NOT_FOUND`. */
  async cancel(id: string): Promise<Job> {
    this.get(id);
    if (this.running?.job.id === id) this.running.abort.abort();
    return this.finished(id);
  }

  /** Cancels what runs, and starts nothing more. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.running) await this.cancel(this.running.job.id);
  }

  private launch(stage: string, table: TableInfo, options: TrainingOptions, clock: PhaseClock): Job {
    const job: Job = {
      id: randomUUID(),
      state: 'running',
      created_at: new Date().toISOString(),
      finished_at: null,
      seconds: 0,
      seconds_left: null,
      phases: {},
      options,
      rows: table.rows,
      dropped: table.dropped,
      epoch: 0,
      history: [],
      metrics: null,
      model_version: null,
      error: null,
    };
    this.jobs.set(job.id, job);
    this.forgetOldJobs();
    const abort = new AbortController();
    this.running = { job, abort, started: performance.now() };
    this.ends.set(job.id, this.work(job, stage, abort.signal, clock));
    return job;
  }

  /** Never rejects: whatever happens is the job's outcome. */
  private async work(job: Job, stage: string, signal: AbortSignal, clock: PhaseClock): Promise<void> {
    const { store, engine, log, activate } = this.options;
    try {
      log.info({ job: job.id, rows: job.rows, dropped: job.dropped, options: job.options }, 'training started');
      const onEpoch = (epoch: Epoch) => {
        job.history.push(epoch);
        job.epoch = epoch.epoch;
        this.tick();
        this.emit('epoch', job);
      };
      const { metrics, phases } = await runTraining({ stage, engine, options: job.options }, onEpoch, signal);
      const { receive } = clock.phases;
      clock.end('training');
      const version = await store.publish(stage);
      await this.discard(stage);
      clock.end('publish');
      await activate(version);
      clock.end('swap');
      const { publish, swap } = clock.phases;
      job.phases = { receive: receive!, ...phases, publish: publish!, swap: swap! };
      Object.assign(job, { state: 'succeeded', metrics, model_version: String(version) });
    } catch (error) {
      const known = error instanceof DomainError ? error : storageError(error);
      job.state = known?.code === 'TRAINING_CANCELLED' ? 'cancelled' : 'failed';
      job.error = known
        ? { code: known.code, message: known.message }
        : { code: 'INTERNAL', message: 'internal error' };
      if (job.state === 'failed') log.error({ job: job.id, err: error }, 'training did not succeed');
      await this.discard(stage);
    }
    this.tick();
    job.finished_at = new Date().toISOString();
    job.seconds_left = null;
    this.running = undefined;
    this.busy = false;
    log.info(
      { job: job.id, state: job.state, seconds: job.seconds, model_version: job.model_version },
      'training ended',
    );
    this.emit('end', job);
  }

  private tick(): void {
    if (!this.running) return;
    const { job, started } = this.running;
    job.seconds = (performance.now() - started) / 1000;
    if (job.epoch > 0) job.seconds_left = (job.seconds / job.epoch) * (job.options.epochs - job.epoch);
  }

  /** What cannot be removed now goes at the next start; it is no reason to fail a job. */
  private async discard(stage: string): Promise<void> {
    const { store, log } = this.options;
    await store.discard(stage).catch((err: unknown) => log.error({ err }, 'the stage could not be removed'));
  }

  private forgetOldJobs(): void {
    const surplus = this.jobs.size - KEPT_JOBS;
    for (const id of Array.from(this.jobs.keys()).slice(0, Math.max(0, surplus))) {
      this.jobs.delete(id);
      this.ends.delete(id);
    }
  }
}

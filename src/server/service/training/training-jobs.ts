import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { DomainError, type ErrorCode } from '../../../base/domain-error.js';
import { storageError } from '../../../base/files/storage-error.js';
import { PhaseClock, type Phases } from '../../../base/node/phase-clock.js';
import type { EngineName } from '../../../model/network/engine.js';
import type { ModelStore } from '../../../model/store/store.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { GateRequest } from '../../../model/training/serving-model.js';
import { runTraining } from '../../../model/training/trainer.js';
import type { TrainingOptions } from '../../../model/training/training-options.js';
import type { Gate } from '../../../model/versions/gate-decision.js';
import type { Epoch, Metrics } from '../../../model/versions/metrics.js';
import { GATED, Promotion, type PromotionOptions, type PromotionTerms } from './promotion.js';
import type { Shadow, ShadowReport } from './shadow.js';

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
  /** Whether that may serve; while it still answers in the shadow, if nothing comes between. */
  gate: Gate | null;
  shadow: ShadowReport | null;
  error: { readonly code: ErrorCode; readonly message: string } | null;
}

/** Ended jobs that can still be asked for. */
const KEPT_JOBS = 100;

export interface JobsOptions {
  readonly store: ModelStore;
  readonly engine: EngineName;
  readonly log: FastifyBaseLogger;
  readonly promotion: PromotionOptions;
}

/** What a training begins with. */
interface Start {
  readonly stage: string;
  readonly table: TableInfo;
  readonly options: TrainingOptions;
  readonly promotion: Promotion;
  readonly gate: GateRequest;
  readonly clock: PhaseClock;
}

/** Trainings, one at a time. Emits `epoch`, `shadow` when a version begins to answer there, and `end`, each with the job. */
export class TrainingJobs extends EventEmitter<{ epoch: [Job]; shadow: [Job]; end: [Job] }> {
  private readonly options: JobsOptions;
  private readonly jobs = new Map<string, Job>();
  private readonly ends = new Map<string, Promise<void>>();
  private busy = false;
  private closed = false;
  /** `started` is on the monotonic clock, in milliseconds. */
  private running: { job: Job; abort: AbortController; started: number; shadow?: Shadow } | undefined;

  constructor(options: JobsOptions) {
    super();
    this.options = options;
    // Each client that follows a job's events listens here.
    this.setMaxListeners(0);
  }

  /**
   * Starts a training on the table that `prepare` writes to the directory it is given. The place is taken before the
   * first byte of a table arrives. Rejects with `TRAINING_RUNNING`, or with what `prepare` and `Promotion` throw.
   */
  async start(
    prepare: (directory: string) => Promise<TableInfo> | TableInfo,
    options: TrainingOptions,
    terms: PromotionTerms = GATED,
  ): Promise<Job> {
    if (this.busy) throw this.occupied();
    this.busy = true;
    const { store, promotion: parts } = this.options;
    const clock = new PhaseClock();
    let stage: string | undefined;
    try {
      const promotion = new Promotion(parts, terms);
      stage = await store.stage();
      const table = await prepare(join(stage, 'table'));
      const gate = await promotion.request(stage, table);
      if (this.closed) throw new DomainError('NOT_READY', 'shutting down');
      clock.end('receive');
      return this.launch({ stage, table, options, promotion, gate, clock });
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

  private launch(start: Start): Job {
    const { table, options } = start;
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
      gate: null,
      shadow: null,
      error: null,
    };
    this.jobs.set(job.id, job);
    this.forgetOldJobs();
    const abort = new AbortController();
    this.running = { job, abort, started: performance.now() };
    this.ends.set(job.id, this.work(job, start, abort.signal));
    return job;
  }

  /** Never rejects: whatever happens is the job's outcome. */
  private async work(job: Job, { stage, promotion, gate: asked, clock }: Start, signal: AbortSignal): Promise<void> {
    const { store, engine, log } = this.options;
    try {
      log.info({ job: job.id, rows: job.rows, dropped: job.dropped, options: job.options }, 'training started');
      const onEpoch = (epoch: Epoch) => {
        job.history.push(epoch);
        job.epoch = epoch.epoch;
        this.tick();
        this.emit('epoch', job);
      };
      const request = { stage, engine, options: job.options, gate: asked };
      const { metrics, gate, phases } = await runTraining(request, onEpoch, signal);
      const { receive } = clock.phases;
      clock.end('training');
      const version = await store.publish(stage);
      await this.discard(stage);
      clock.end('publish');
      Object.assign(job, { metrics, gate, model_version: String(version) });
      const watch = (shadow: Shadow) => {
        Object.assign(this.running!, { shadow });
        this.emit('shadow', job);
      };
      job.gate = await promotion.settle(version, gate, watch, signal);
      // Only what is cut off in the shadow: one that serves already is not cancelled.
      if (signal.aborted && job.gate !== gate)
        throw new DomainError('TRAINING_CANCELLED', 'the training was cancelled');
      clock.end('swap');
      const { publish, swap } = clock.phases;
      job.phases = { receive: receive!, ...phases, publish: publish!, swap: swap! };
      job.state = 'succeeded';
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
    const { job, started, shadow } = this.running;
    if (shadow) job.shadow = shadow.report;
    job.seconds = (performance.now() - started) / 1000;
    if (job.epoch > 0) job.seconds_left = (job.seconds / job.epoch) * (job.options.epochs - job.epoch);
  }

  private occupied(): DomainError {
    const { job, shadow } = this.running ?? {};
    const doing = shadow
      ? `version ${job!.model_version} still answers in the shadow; DELETE /train/${job!.id} ends that`
      : 'only one runs at a time';
    return new DomainError('TRAINING_RUNNING', `a training is running already; ${doing}`);
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

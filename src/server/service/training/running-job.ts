import { randomUUID } from 'node:crypto';
import { DomainError } from '../../../base/domain-error.js';
import { storageError } from '../../../base/files/storage-error.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { SearchMessage } from '../../../model/training/process/trainer-messages.js';
import type { TrainingOptions } from '../../../model/training/training-options.js';
import type { Epoch } from '../../../model/versions/metrics.js';
import type { Job } from './job.js';
import type { Shadow } from './shadow.js';

/** A job that has not ended: updates its progress, and ends it. */
export class RunningJob {
  readonly job: Job;
  /** Aborted when the job is cancelled. */
  readonly abort = new AbortController();
  /** Set while the version answers in the shadow. */
  shadow: Shadow | undefined;
  /** Resolves when the job has ended and its process has exited. */
  ended: Promise<void> | undefined;
  private readonly stopsSearch = new AbortController();
  private readonly started = performance.now();
  /** When the search began, and then the epochs. */
  private begun = this.started;

  constructor(options: TrainingOptions, { rows, dropped }: Pick<TableInfo, 'rows' | 'dropped'>) {
    this.job = {
      id: randomUUID(),
      state: 'running',
      created_at: new Date().toISOString(),
      finished_at: null,
      seconds: 0,
      seconds_left: null,
      phases: {},
      options,
      search: null,
      rows,
      dropped,
      epoch: 0,
      history: [],
      metrics: null,
      baselines: null,
      model_version: null,
      gate: null,
      shadow: null,
      error: null,
    };
  }

  addEpoch(epoch: Epoch): void {
    this.job.history.push(epoch);
    this.job.epoch = epoch.epoch;
    this.update();
  }

  /** Adds what the training process says of its search. */
  follow(message: SearchMessage): void {
    const { job } = this;
    if (message.type === 'search') {
      job.search = message.search;
      this.begun = performance.now();
    } else if (message.type === 'trial') this.addTrial(message);
    else {
      job.search = message.search;
      job.options = message.options;
      job.seconds_left = null;
      this.begun = performance.now();
    }
    this.update();
  }

  /** Aborted when the search is stopped. */
  get searchStop(): AbortSignal {
    return this.stopsSearch.signal;
  }

  /** Ends a search that a client has asked for; the training goes on. Returns false if there is none that runs. */
  stopSearch(): boolean {
    const { search, options } = this.job;
    const isAsked = options.trials !== undefined || options.budget_seconds !== undefined;
    if (search?.state !== 'running' || !isAsked || this.searchStop.aborted) return false;
    this.stopsSearch.abort();
    return true;
  }

  private addTrial({ trial, secondsLeft }: Extract<SearchMessage, { type: 'trial' }>): void {
    const { search } = this.job;
    if (!search) return;
    search.trials[trial.trial - 1] = trial;
    search.tried = search.trials.length;
    this.job.seconds_left = secondsLeft ?? null;
  }

  /** Updates elapsed and remaining time and the shadow's report. */
  update(): void {
    const { job, started, begun, shadow } = this;
    if (shadow) job.shadow = shadow.report;
    job.seconds = (performance.now() - started) / 1000;
    if (job.search?.state === 'running') job.search.seconds = (performance.now() - begun) / 1000;
    if (job.epoch === 0) return;
    const { epochs, members = 1 } = job.options;
    job.seconds_left = ((performance.now() - begun) / 1000 / job.epoch) * (members * epochs - job.epoch);
  }

  /** Ends the job as `cancelled` or `failed`; an unknown error is reported as `INTERNAL`, without its message. Never throws. */
  fail(error: unknown): void {
    const known = error instanceof DomainError ? error : storageError(error);
    this.job.error = known
      ? { code: known.code, message: known.message }
      : { code: 'INTERNAL', message: 'internal error' };
    this.end(known?.code === 'TRAINING_CANCELLED' ? 'cancelled' : 'failed');
  }

  end(state: Job['state']): void {
    const { job } = this;
    try {
      this.update();
    } catch {
      // A report that cannot be made must not keep the job from ending.
      this.shadow = undefined;
      this.update();
    }
    job.state = state;
    job.finished_at = new Date().toISOString();
    job.seconds_left = null;
  }
}

import type { Logger } from 'pino';
import type { ModelStore } from '../../../model/store/store.js';
import { DEFAULT_TRAINING } from '../../../model/training/training-options.js';
import type { DriftService } from '../drift/drift-service.js';
import type { FeedbackService } from '../feedback/feedback-service.js';
import type { TrainingJobs } from './training-jobs.js';

export interface RetrainingOptions {
  readonly drift: DriftService;
  readonly feedback: FeedbackService;
  readonly jobs: TrainingJobs;
  readonly store: ModelStore;
  readonly log: Logger;
  /** Minimum labelled rows of the serving model's columns. */
  readonly minRows: number;
  /** Minimum milliseconds between two starts. */
  readonly cooldown: number;
}

/** Stores the latest start: a service that restarts repeatedly must not train each time. */
const DOCUMENT = 'retraining.json';

/**
 * Starts a training job on the labelled rows while a drift alarm is on. Checks for that whenever the alarms change, every few
 * seconds, and when labelled rows arrive, which is often after the alarm.
 */
export class Retraining {
  private readonly options: RetrainingOptions;
  private checking = false;

  constructor(options: RetrainingOptions) {
    this.options = options;
    const check = () => void this.check();
    options.drift.on('update', check);
    options.feedback.on('rows', check);
  }

  /** Never rejects. */
  private async check(): Promise<void> {
    const { drift, jobs, log } = this.options;
    if (this.checking || jobs.isBusy || !drift.monitored?.monitor.alarms.some(({ detected }) => detected)) return;
    this.checking = true;
    try {
      await this.start();
    } catch (err) {
      log.error({ err }, 'retraining could not be started');
    } finally {
      this.checking = false;
    }
  }

  private async start(): Promise<void> {
    const { feedback, jobs, store, log, minRows, cooldown } = this.options;
    const { kept_rows: rows } = await feedback.current();
    if (rows < minRows) return;
    const now = Date.now();
    const latest = await this.latestStart();
    // A start in the future was recorded by a wrong clock, and is ignored.
    if (latest <= now && now - latest < cooldown) return;
    await jobs.start(async (directory) => {
      // Recorded only once the training's place is taken: a training that a client has just started does not count.
      await store.writeDocument(DOCUMENT, JSON.stringify({ started_at: now }));
      log.warn({ rows }, 'drift: retraining on the labelled rows');
      return feedback.table(directory, false);
    }, DEFAULT_TRAINING);
  }

  /** Returns milliseconds since the epoch; 0 if there was no start. */
  private async latestStart(): Promise<number> {
    const content = await this.options.store.readDocument(DOCUMENT);
    if (content === undefined) return 0;
    try {
      return Number((JSON.parse(content) as { started_at: unknown }).started_at) || 0;
    } catch {
      return 0;
    }
  }
}

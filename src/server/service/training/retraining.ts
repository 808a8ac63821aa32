import type { FastifyBaseLogger } from 'fastify';
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
  readonly log: FastifyBaseLogger;
  /** Labelled rows of the serving model's columns without which nothing is started. */
  readonly minRows: number;
  /** From one start to the next, at least, in milliseconds. */
  readonly cooldown: number;
}

/** Survives a restart: a service that is restarted again and again must not train each time. */
const DOCUMENT = 'retraining.json';

/**
 * Starts a training on the labelled rows while a drift alarm is on, through the ordinary job. It looks whenever the
 * alarms change, every few seconds beside, and when labelled rows come: they often come after the alarm.
 */
export class Retraining {
  private readonly options: RetrainingOptions;
  private looking = false;

  constructor(options: RetrainingOptions) {
    this.options = options;
    const look = () => void this.look();
    options.drift.on('news', look);
    options.feedback.on('rows', look);
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    const { drift, jobs, log } = this.options;
    if (this.looking || jobs.isBusy || !drift.watched?.monitor.alarms.some(({ detected }) => detected)) return;
    this.looking = true;
    try {
      await this.start();
    } catch (err) {
      log.error({ err }, 'the retraining could not be started');
    } finally {
      this.looking = false;
    }
  }

  private async start(): Promise<void> {
    const { feedback, jobs, store, log, minRows, cooldown } = this.options;
    const { kept_rows: rows } = await feedback.current();
    if (rows < minRows) return;
    const now = Date.now();
    const latest = await this.latestStart();
    // One that lies in the future is of a clock that was wrong: it does not count.
    if (latest <= now && now - latest < cooldown) return;
    await jobs.start(async (directory) => {
      // Not before the place is taken: a training that somebody else has just begun is none of ours.
      await store.writeDocument(DOCUMENT, JSON.stringify({ started_at: now }));
      log.warn({ rows }, 'drift: retraining on the labelled rows');
      return feedback.table(directory, false);
    }, DEFAULT_TRAINING);
  }

  /** In milliseconds since the epoch; 0 if there was none. */
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

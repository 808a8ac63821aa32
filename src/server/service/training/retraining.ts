import type { Logger } from 'pino';
import type { FileStore } from '../../../model/store/file-store.js';
import { DEFAULT_TRAINING } from '../../../model/training/training-options.js';
import type { DriftService } from '../drift/drift-service.js';
import type { FeedbackService } from '../feedback/feedback-service.js';
import type { OwnChanges } from '../versions/own-changes.js';
import type { TrainingJobs } from './training-jobs.js';

export interface RetrainingOptions {
  readonly drift: DriftService;
  readonly feedback: FeedbackService;
  readonly jobs: TrainingJobs;
  readonly store: FileStore;
  readonly changes: OwnChanges;
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
export function retrainOnDrift(options: RetrainingOptions): void {
  const { drift, feedback, jobs, log } = options;
  let checking = false;
  const check = async () => {
    if (checking || jobs.isBusy || !drift.alarms.some(({ detected }) => detected)) return;
    checking = true;
    try {
      await start(options);
    } catch (err) {
      log.error({ err }, 'retraining could not be started');
    } finally {
      checking = false;
    }
  };
  drift.on('update', check);
  feedback.on('rows', check);
}

async function start({ feedback, jobs, store, changes, log, minRows, cooldown }: RetrainingOptions): Promise<void> {
  const { kept_rows: rows } = await feedback.current();
  if (rows < minRows) return;
  const now = Date.now();
  const latest = await latestStart(store);
  // A start in the future was recorded by a wrong clock, and is ignored.
  if (latest <= now && now - latest < cooldown) return;
  const prepare = async (directory: string) => {
    // Recorded only once the training's place is taken: a training that a client has just started does not count.
    await store.writeDocument(DOCUMENT, JSON.stringify({ started_at: now }));
    log.warn({ rows }, 'drift: retraining on the labelled rows');
    return feedback.table(directory, false);
  };
  await changes.record(
    'train',
    null,
    { reason: 'drift', rows },
    () => jobs.start(prepare, DEFAULT_TRAINING),
    ({ id }) => ({ job: id }),
  );
}

/** Returns milliseconds since the epoch; 0 if there was no start. */
async function latestStart(store: FileStore): Promise<number> {
  const content = await store.readDocument(DOCUMENT);
  if (content === undefined) return 0;
  try {
    return Number((JSON.parse(content) as { started_at: unknown }).started_at) || 0;
  } catch {
    return 0;
  }
}

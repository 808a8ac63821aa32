import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { builtFile } from '../base/node/built-file.js';
import { FeedbackStore } from '../model/feedback/feedback-store.js';
import type { Reference } from '../model/feedback/feedback-table.js';
import type { EngineFactory } from '../model/network/engine.js';
import { FileStore } from '../model/store/file-store.js';
import { type Config, OWN_TABLE } from './config.js';
import { DriftService } from './service/drift/drift-service.js';
import { FeedbackService } from './service/feedback/feedback-service.js';
import { PredictionService } from './service/prediction/prediction-service.js';
import { TrainingJobs } from './service/training/training-jobs.js';
import { Catalog } from './service/versions/catalog.js';
import { ModelLoader } from './service/versions/model-loader.js';
import { OwnChanges } from './service/versions/own-changes.js';
import { createPruning } from './service/versions/pruning.js';
import { VersionNotes } from './service/versions/version-notes.js';

/** Everything the application is built from; none of it knows HTTP. */
export type Parts = ReturnType<typeof buildParts>;

/** Builds the parts and connects them. Reads and serves nothing yet. */
export function buildParts(config: Config, createEngine: EngineFactory, log: Logger) {
  const directory = join(config.MODEL_STORE, config.MODEL_NAME);
  const store = new FileStore(directory);
  const service = new PredictionService(log);
  const drift = new DriftService({
    store,
    log,
    rowsBetweenFalseAlarms: config.DRIFT_ROWS_BETWEEN_FALSE_ALARMS,
    windowRows: config.DRIFT_WINDOW_ROWS,
  });
  const changes = new OwnChanges();
  const loader = new ModelLoader({ store, createEngine, service, drift, changes, log });
  const { ENGINE: engine, GATE_TOLERANCE: tolerance } = config;
  const jobs = new TrainingJobs({ service, loader, store, changes, engine, tolerance, log });
  const feedbackStore = new FeedbackStore(config.FEEDBACK_STORE || join(directory, '.feedback'), {
    rows: config.FEEDBACK_ROWS,
    days: config.FEEDBACK_DAYS,
  });
  const feedback = new FeedbackService({
    store: feedbackStore,
    service,
    log,
    maxRows: config.MAX_ROWS,
    allowMissing: config.ON_MISSING === 'mean',
    reference: referenceOf(config),
  });
  const catalog = new Catalog(store, log);
  const notes = new VersionNotes(store, catalog, log);
  const prune = createPruning({ store, loader, changes, log, keep: config.KEEP_VERSIONS });

  service.observe((observation) => drift.observe(observation));
  service.observeRefusals((refusal) => drift.observeRefused(refusal));
  feedback.on('rows', (serving, labelled) => drift.observeLabels(serving, labelled));
  drift.on('adopted', ({ version, origin }) =>
    changes.done('baseline', String(version), {
      baseline: origin.version,
      reason: 'another process has stored it',
    }),
  );
  jobs.on('end', () => changes.follow(prune()));
  return { store, createEngine, service, drift, loader, jobs, feedback, catalog, notes, changes, prune, log };
}

/** Returns the CSV that the first model is trained on, and that a retraining may mix in; undefined for none. */
export function referenceOf({ TRAIN_DATA, TRAIN_TARGET }: Config): Reference | undefined {
  if (TRAIN_DATA === '') return undefined;
  // The package's own table is there wherever the process runs.
  const path = TRAIN_DATA === OWN_TABLE ? fileURLToPath(builtFile(`../../${OWN_TABLE}`)) : TRAIN_DATA;
  return { path, targets: TRAIN_TARGET.split(',') };
}

import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { FeedbackStore } from '../../src/model/feedback/feedback-store.js';
import { loadEngine } from '../../src/model/network/engine.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../../src/model/network/shape.js';
import { FileStore } from '../../src/model/store/file-store.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training.js';
import { type NewVersion, writeVersion } from '../../src/model/versions/version.js';
import { type AppOptions, buildApp } from '../../src/server/app.js';
import { DriftService } from '../../src/server/service/drift/drift-service.js';
import { Feedback, type FeedbackOptions } from '../../src/server/service/feedback/feedback-service.js';
import { PredictionService } from '../../src/server/service/prediction/prediction-service.js';
import { TrainingJobs } from '../../src/server/service/training/training-jobs.js';
import { ModelLoader } from '../../src/server/service/versions/model-loader.js';

/** The real application on a store of its own, with the parts a test looks at. */
export interface TestApp {
  readonly app: FastifyInstance;
  readonly service: PredictionService;
  readonly jobs: TrainingJobs;
  readonly drift: DriftService;
  readonly feedback: Feedback;
  readonly store: FileStore;
  readonly loader: ModelLoader;
  readonly log: Logger;
  /** Lines of the log, parsed; from level `debug` on. */
  readonly logged: Record<string, unknown>[];
}

/** Builds the application, with an untrained version 1 of these columns unless `features` is empty. */
export async function buildTestApp(
  t: TestContext,
  features: readonly string[] = ['a', 'b', 'c'],
  options: Partial<AppOptions> = {},
  feedbackOptions: Partial<FeedbackOptions> = {},
): Promise<TestApp> {
  const directory = await mkdtemp(join(tmpdir(), 'rr-app-'));
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(JSON.parse(line)) });
  const store = new FileStore(directory);
  const createEngine = await loadEngine('kernel');
  const service = new PredictionService(log);
  const drift = new DriftService({ store, log, rowsBetweenFalseAlarms: 100_000, windowRows: 500 });
  const loader = new ModelLoader({ store, createEngine, service, drift, log });
  const promotion = { service, loader, store, createEngine, tolerance: 0.05, log };
  const jobs = new TrainingJobs({ store, engine: 'kernel', log, promotion });
  const { maxRows = 100, allowMissing = false } = options;
  const feedback = new Feedback({
    store: new FeedbackStore(join(directory, '.feedback'), { rows: 1000, days: 30 }),
    service,
    log,
    maxRows,
    allowMissing,
    reference: { path: join(directory, 'reference.csv'), targets: ['y'] },
    ...feedbackOptions,
  });
  const app = await buildApp(
    { service, jobs, drift, feedback, store, loader, createEngine, log },
    {
      modelName: 'test',
      bodyLimit: 2 ** 20,
      trainBodyLimit: 2 ** 24,
      maxRows,
      allowMissing,
      keepVersions: 10,
      featuresWithBins: 50,
      // `FAST_PATH=off npm test` runs the whole suite without it.
      fastPath: process.env['FAST_PATH'] !== 'off',
      ...options,
    },
  );
  t.after(async () => {
    await jobs.close();
    await drift.close();
    app.server.closeAllConnections();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  });
  if (features.length > 0) await loader.activate(await publishUntrained(store, features, ['y']));
  return { app, service, jobs, drift, feedback, store, loader, log, logged };
}

/** Publishes a version with first weights and scalers that are not the identity. */
export async function publishUntrained(
  store: FileStore,
  features: readonly string[],
  targets: readonly string[],
  seed = 1,
  baseline: NewVersion['baseline'] = null,
  { hidden, weights }: { hidden: readonly number[]; weights?: Float32Array } = { hidden: DEFAULT_HIDDEN },
): Promise<number> {
  const shape: Shape = {
    inputs: features.length,
    outputs: targets.length,
    hidden,
    auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT,
  };
  const stage = await store.stage();
  const metrics = { rmse: 1, mae: 1, r2: 0, baseline_rmse: 1, baseline_mae: 1 };
  writeVersion(
    join(stage, 'version'),
    {
      shape,
      weights: weights ?? initialWeights(shape, seed),
      scalers: {
        features: { mean: features.map((_, j) => j), scale: features.map((_, j) => j + 1) },
        targets: { mean: targets.map(() => 10), scale: targets.map(() => 2) },
      },
      baseline,
      card: {
        created_at: new Date().toISOString(),
        features: [...features],
        targets: [...targets],
        training: { engine: 'none', ...DEFAULT_TRAINING, seed, best_epoch: 1, seconds: 0 },
        data: { fingerprint: '', rows: 0, dropped: 0, missing: {}, training_rows: 0, validation_rows: 0 },
        metrics: {
          rows: 0,
          prediction_error: 1,
          reconstruction_error: 1,
          baseline_reconstruction_error: 1,
          loss: 1.05,
          targets: Object.fromEntries(targets.map((name) => [name, metrics])),
        },
        history: [],
        software: {},
      },
    },
    await loadEngine('kernel'),
  );
  const version = await store.publish(stage);
  await store.discard(stage);
  return version;
}

/** Versions and stages in a store, sorted; not what is kept beside them. */
export function contentsOf(location: string): string[] {
  return readdirSync(location)
    .filter((name) => !['.documents', '.aliases', '.numbers'].includes(name))
    .sort();
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type EncodedColumn, inputCount } from '../../src/model/columns/encoding/encoding.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import type { IntervalsFile } from '../../src/model/intervals/intervals-file.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../../src/model/network/shape.js';
import type { FileStore } from '../../src/model/store/file-store.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';
import { type NewVersion, writeVersion } from '../../src/model/versions/version.js';
import { buildApp } from '../../src/server/app.js';
import { readConfig } from '../../src/server/config.js';
import { buildParts, type Parts } from '../../src/server/parts.js';
import type { Platform } from '../../src/server/platform.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Settings of a test's application, by default those of `buildTestApp`. */
export interface TestOptions extends Partial<Pick<Platform, 'vertex' | 'readOnly'>> {
  readonly maxRows?: number;
  readonly bodyLimit?: number;
  readonly trainBodyLimit?: number;
  readonly allowMissing?: boolean;
  readonly flatten?: boolean;
  readonly featuresWithBins?: number;
  readonly fastPath?: boolean;
}

/** The real application on a store of its own, with the parts a test looks at. */
export interface TestApp extends Parts {
  readonly app: FastifyInstance;
  /** Lines of the log, parsed; from level `debug` on. */
  readonly logged: Record<string, unknown>[];
}

/**
 * Builds the application, with an untrained version 1 of these columns unless `features` is empty. `environment` sets what
 * `options` has no name for.
 */
export async function buildTestApp(
  t: TestContext,
  features: readonly string[] = ['a', 'b', 'c'],
  options: TestOptions = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<TestApp> {
  const directory = temporaryDirectory(t);
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(JSON.parse(line)) });
  const { maxRows = 100, bodyLimit = 2 ** 20, trainBodyLimit = 2 ** 24, featuresWithBins, vertex } = options;
  const config = readConfig({
    MODEL_STORE: directory,
    MODEL_NAME: 'test',
    MAX_ROWS: String(maxRows),
    ON_MISSING: options.allowMissing ? 'mean' : 'refuse',
    BODY_LIMIT: String(bodyLimit),
    TRAIN_BODY_LIMIT: String(trainBodyLimit),
    FEEDBACK_ROWS: '1000',
    FLATTEN: options.flatten ? 'true' : 'false',
    ...(featuresWithBins === undefined ? {} : { DRIFT_FEATURES_WITH_BINS: String(featuresWithBins) }),
    ENGINE: 'kernel',
    // `FAST_PATH=off npm test` runs the whole suite without the fast path.
    FAST_PATH: options.fastPath === undefined ? process.env['FAST_PATH'] : options.fastPath ? 'on' : 'off',
    ...environment,
  });
  const parts = buildParts(config, await loadEngine('kernel'), log);
  const app = await buildApp(parts, config, { vertex, readOnly: options.readOnly ?? false });
  t.after(async () => {
    await parts.jobs.close();
    await parts.drift.close();
    app.server.closeAllConnections();
    await app.close();
  });
  if (features.length > 0) await parts.loader.activate(await publishUntrained(parts.store, features, ['y']));
  return { ...parts, app, logged };
}

interface UntrainedNetwork {
  readonly hidden: readonly number[];
  readonly weights?: Float32Array;
  /** One for each feature; without, all are numbers. */
  readonly columns?: readonly EncodedColumn[];
  readonly intervals?: IntervalsFile;
}

/** Publishes a version with first weights and scalers that are not the identity. */
export async function publishUntrained(
  store: FileStore,
  features: readonly string[],
  targets: readonly string[],
  seed = 1,
  baseline: NewVersion['baseline'] = null,
  { hidden, weights, columns, intervals }: UntrainedNetwork = { hidden: DEFAULT_HIDDEN },
): Promise<number> {
  const shape: Shape = {
    inputs: columns ? inputCount(columns) : features.length,
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
        columns,
      },
      baseline,
      ...(intervals && { intervals }),
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

import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { DomainError } from '../../base/domain-error.js';
import { storageError } from '../../base/files/storage-error.js';
import { packageVersion } from '../../base/node/package-version.js';
import { PhaseClock } from '../../base/node/phase-clock.js';
import { type Baseline, MIN_ROWS, makeBaseline } from '../baseline/baseline.js';
import { type EngineFactory, loadEngine } from '../network/engine.js';
import { type Columns, readTable } from '../tables/table-file.js';
import { writeVersion } from '../versions/version.js';
import { judge } from './gate.js';
import { predictByServing } from './serving-model.js';
import type { TrainerMessage, TrainingRequest } from './trainer.js';
import { type TrainingResult, train } from './training.js';

// The child of trainer.ts. It ends with its parent: nobody else would ever use or remove what it writes.
process.on('disconnect', () => process.exit(1));
process.once('message', async (request: TrainingRequest) => {
  try {
    await work(request);
  } catch (error) {
    const known = error instanceof DomainError ? error : storageError(error);
    if (!known) throw error;
    await tell({ type: 'failed', code: known.code, message: known.message });
  }
  process.disconnect();
});

async function work({ stage, engine, options, gate: asked }: TrainingRequest): Promise<void> {
  const started = performance.now();
  const clock = new PhaseClock();
  const createEngine = await loadEngine(engine);
  const { info, data } = readTable(join(stage, 'table'));
  clock.end('read');
  // The engine is made when the rows have been split and scaled.
  const createTrained: EngineFactory = (...parts) => {
    clock.end('split');
    return createEngine(...parts);
  };
  const result = await train(createTrained, data, info.features.length, info.targets, options, async (epoch) => {
    await tell({ type: 'epoch', epoch });
    await turn();
  });
  clock.end('train');
  const { metrics, bestEpoch, history, heldOut } = result;
  const rival = predictByServing(stage, asked.serving, heldOut, createEngine);
  const gate = judge(heldOut, heldOut.outputs, result.scalers.targets, rival, asked);
  clock.end('gate');
  const baseline = baselineOf(heldOut, info, options.seed);
  clock.end('baseline');
  writeVersion(
    join(stage, 'version'),
    {
      ...result,
      baseline,
      card: {
        created_at: new Date().toISOString(),
        features: [...info.features],
        targets: [...info.targets],
        training: {
          engine: result.engine,
          ...options,
          best_epoch: bestEpoch,
          seconds: (performance.now() - started) / 1000,
        },
        data: {
          fingerprint: info.fingerprint,
          rows: info.rows,
          dropped: info.dropped,
          missing: info.missing,
          training_rows: result.trainingRows,
          validation_rows: result.heldOut.rows,
        },
        metrics,
        gate,
        history: [...history],
        software: { 'reconstruction-regressor': packageVersion(), node: process.versions.node },
      },
    },
    createEngine,
  );
  clock.end('write');
  await tell({ type: 'done', metrics, bestEpoch, gate, phases: clock.phases });
}

/** Held-out rows beyond this add memory and nothing to see; they come in random order, so the first are a fair sample. */
const BASELINE_ROWS = 50_000;

/** A version of so few rows that they say nothing serves without drift monitoring. */
function baselineOf(heldOut: TrainingResult['heldOut'], { features, targets }: Columns, seed: number): Baseline | null {
  if (heldOut.rows < MIN_ROWS) return null;
  const count = Math.min(heldOut.rows, BASELINE_ROWS);
  const rows = heldOut.features.subarray(0, count * features.length);
  const outputs = heldOut.outputs.subarray(0, count * targets.length);
  return makeBaseline({ count, rows, outputs, errors: heldOut.errors.subarray(0, count) }, features, targets, seed);
}

function tell(message: TrainerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}

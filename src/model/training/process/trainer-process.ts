import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError } from '../../../base/domain-error.js';
import { storageError } from '../../../base/files/storage-error.js';
import { exitWithParent } from '../../../base/node/exit-with-parent.js';
import { takeInspectorSignal } from '../../../base/node/inspector-signal.js';
import { packageVersion } from '../../../base/node/package-version.js';
import { PhaseClock } from '../../../base/node/phase-clock.js';
import { type Baseline, MIN_ROWS, makeBaseline, rangesOf, type TargetRange } from '../../baseline/baseline.js';
import { addErrors } from '../../baseline/learn-expected-errors.js';
import type { Column } from '../../columns/column.js';
import { loadEngine } from '../../engines/load-engine.js';
import { makeEvaluation } from '../../evaluation/make-evaluation.js';
import { Intervals } from '../../intervals/intervals.js';
import type { EngineFactory } from '../../network/engine.js';
import { Predictor, predictAll } from '../../network/predictor.js';
import type { Columns } from '../../tables/columns.js';
import { readTable } from '../../tables/table-file.js';
import { thinHistory } from '../../versions/history.js';
import type { Epoch } from '../../versions/metrics.js';
import { searchOnCard } from '../../versions/search.js';
import { writeVersion } from '../../versions/version.js';
import { evaluateBaselines } from '../baselines/baselines.js';
import { calibrate, heldOutRows } from '../calibration/calibrate.js';
import { crossValidatedRows, smallTable } from '../calibration/cross-validated-rows.js';
import { judge } from '../gate/gate.js';
import { predictByServing } from '../gate/serving-model.js';
import { whatMatters } from '../importance/what-matters.js';
import { findOptions } from '../search/find-options.js';
import { type TrainingResult, train } from '../training.js';
import { onCard, requestedPart } from '../training-options.js';
import type { TrainerMessage, TrainingRequest } from './trainer-messages.js';

// The child of trainer.ts.
takeInspectorSignal();
exitWithParent();
const stopSearch = new AbortController();
process.once('message', async (request: TrainingRequest) => {
  process.on('message', () => stopSearch.abort());
  try {
    await run(request);
  } catch (error) {
    const known = error instanceof DomainError ? error : storageError(error);
    if (!known) throw error;
    await send({ type: 'failed', code: known.code, message: known.message });
  }
  process.disconnect();
});

async function run({ stage, engine, options, gate: terms }: TrainingRequest): Promise<void> {
  const started = performance.now();
  const clock = new PhaseClock();
  const createEngine = await loadEngine(engine);
  const { info, data } = readTable(join(stage, 'table'));
  // Before the training standardises them in place.
  const targetRanges = rangesOf(data.targets, info.targets.length);
  const small = smallTable(data, info);
  clock.end('read');
  const { search, configuration } = await findOptions(
    { engine, createEngine, info, data, options },
    {
      onStart: (begun) => void send({ type: 'search', search: begun }),
      onTrial: (trial, secondsLeft) => void send({ type: 'trial', trial, secondsLeft }),
      stop: stopSearch.signal,
    },
  );
  if (search) {
    await send({ type: 'searched', search, options: requestedPart(configuration) });
    clock.end('search');
  }
  let begun = false;
  // `train` creates the engine once it has split and scaled the rows, and at the end another, without an optimiser.
  const createTrained: EngineFactory = (shape, weights, optimizer) => {
    if (optimizer && !begun) clock.end('split');
    return createEngine(shape, weights, optimizer);
  };
  const onEpoch = async (epoch: Epoch) => {
    begun = true;
    await send({ type: 'epoch', epoch });
    await nextTurn();
  };
  const { columns } = info;
  const result = await train(createTrained, data, info.features.length, info.targets, configuration, onEpoch, columns);
  clock.end('train');
  const { metrics, history, heldOut } = result;
  const matters = whatMatters(createEngine, result, info.features, options.seed);
  clock.end('importance');
  const serving = predictByServing(stage, terms.serving, heldOut, createEngine, columns);
  using predictor = new Predictor(createEngine(result.shape, result.weights), result.scalers);
  const { baselines, ridge } = evaluateBaselines(predictor, heldOut, info.targets, result.ridge);
  const gate = judge(heldOut, heldOut.outputs, result.scalers.targets, serving, terms, ridge);
  clock.end('gate');
  const calibrationRows = small && (await crossValidatedRows(result, small, configuration, engine, createEngine));
  const intervals = calibrate(calibrationRows ?? heldOutRows(result, createEngine), result.scalers);
  clock.end('intervals');
  const baseline = baselineOf(heldOut, info, predictor, options.seed, targetRanges, result.scalers.columns);
  clock.end('baseline');
  writeVersion(
    join(stage, 'version'),
    {
      ...result,
      baseline,
      intervals,
      evaluation: makeEvaluation(
        heldOut,
        info.targets,
        result.scalers.transforms,
        new Intervals(intervals, result.scalers),
      ),
      card: {
        created_at: new Date().toISOString(),
        features: [...info.features],
        targets: [...info.targets],
        training: {
          engine: result.engine,
          ...onCard(configuration),
          best_epoch: result.bestEpoch,
          seconds: (performance.now() - started) / 1000,
        },
        data: {
          fingerprint: info.fingerprint,
          rows: info.rows,
          dropped: info.dropped,
          missing: info.missing,
          training_rows: result.trainingRows,
          validation_rows: heldOut.rows,
        },
        ...(search && { search: searchOnCard(search) }),
        metrics,
        baselines,
        gate,
        ...matters,
        history: thinHistory(history),
        software: { 'reconstruction-regressor': packageVersion(), node: process.versions.node },
      },
    },
    createEngine,
  );
  clock.end('write');
  await send({ type: 'done', metrics, baselines, gate, phases: clock.phases });
}

/** Maximum rows of a baseline. More add memory, but no information. Held-out rows are in random order, so the first are a fair sample. */
const MAX_BASELINE_ROWS = 50_000;

/** Returns null for too few rows: the version then serves without drift monitoring. */
function baselineOf(
  heldOut: TrainingResult['heldOut'],
  { features, targets }: Columns,
  predictor: Predictor,
  seed: number,
  targetRanges: readonly TargetRange[],
  columns: readonly Column[] | undefined,
): Baseline | null {
  if (heldOut.rows < MIN_ROWS) return null;
  const count = Math.min(heldOut.rows, MAX_BASELINE_ROWS);
  const rows = heldOut.features.subarray(0, count * features.length);
  const outputs = heldOut.outputs.subarray(0, count * targets.length);
  const judged = {
    targets: heldOut.targets.subarray(0, count * targets.length),
    predict: (changed: Float32Array) => predictAll(predictor, changed, changed.length / features.length),
  };
  const summarised = { count, rows, outputs, errors: heldOut.errors.subarray(0, count) };
  return addErrors(makeBaseline(summarised, features, targets, seed, targetRanges, columns), summarised, judged, seed);
}

function send(message: TrainerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { train } from '../../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../../src/model/training/training-options.js';
import { openVersion, readFiles, writeVersion } from '../../../src/model/versions/version.js';
import { mixedColumns, mixedRows } from '../../support/mixed-table.js';
import { sampleVersion } from '../../support/sample-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('numbers with gaps, categories, booleans and dates are learned, and a version predicts their codes', async (t) => {
  const createEngine = await loadEngine('kernel');
  const columns = mixedColumns();
  const names = columns.map(({ name }) => name);
  const result = await train(
    createEngine,
    mixedRows(4000),
    columns.length,
    ['y'],
    { ...DEFAULT_TRAINING, epochs: 30 },
    undefined,
    columns,
  );
  // The noise has a standard deviation of 1, and the target one of 20.
  const { rmse, baseline_rmse: spread } = result.metrics.targets['y']!;
  assert.ok(spread > 15, `spread ${spread}`);
  assert.ok(rmse < 4, `RMSE ${rmse}`);
  const { card } = sampleVersion();
  const directory = temporaryDirectory(t);
  writeVersion(
    directory,
    {
      ...result,
      baseline: null,
      card: {
        ...card,
        features: names,
        data: { ...card.data, missing: {} },
        metrics: result.metrics,
      },
    },
    createEngine,
  );
  const files = await readFiles(directory, ['card.json', 'model.json', 'weights.bin', 'probe.json']);
  using opened = openVersion(files, createEngine);
  assert.equal(opened.deviation, 0);
  const { heldOut } = result;
  const { outputs } = opened.predictor.predict(heldOut.features, heldOut.rows);
  assert.deepEqual(outputs, heldOut.outputs);
});

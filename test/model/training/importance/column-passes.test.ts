import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, shuffle } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { Predictor, predictAll } from '../../../../src/model/network/predictor.js';
import { ColumnPasses } from '../../../../src/model/training/importance/column-passes.js';
import { train } from '../../../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../../../src/model/training/training-options.js';
import { assertClose } from '../../../support/close-to.js';
import { mixedColumns, mixedRows } from '../../../support/mixed-table.js';

test('a pass with the values of other rows in a column predicts as the model does, for every type, with gaps', async () => {
  const createEngine = await loadEngine('kernel');
  const columns = mixedColumns();
  const options = { ...DEFAULT_TRAINING, epochs: 2 };
  const trained = await train(createEngine, mixedRows(8000), 5, ['y'], options, undefined, columns);
  const { rows, features } = trained.heldOut;
  assert.ok(rows > 1024, 'more than a chunk');
  using passes = new ColumnPasses(createEngine, trained, features, rows);
  using predictor = new Predictor(createEngine(trained.shape, trained.weights), trained.scalers);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  shuffle(order, createRandom(1));
  for (const j of columns.keys()) {
    const shuffled = features.map((code, i) => (i % 5 === j ? features[order[Math.floor(i / 5)]! * 5 + j]! : code));
    const own = passes.parts(j);
    assertClose(passes.predict(own, own, order), predictAll(predictor, shuffled, rows).outputs, 1e-4);

    const codes = [features[j]!, features[5 + j]!, Number.NaN];
    const turns = order.map((row) => row % 3);
    const replaced = features.map((code, i) => (i % 5 === j ? codes[turns[Math.floor(i / 5)]!]! : code));
    assertClose(
      passes.predict(own, passes.partsOf(j, codes), turns),
      predictAll(predictor, replaced, rows).outputs,
      1e-4,
    );
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { weightCount } from '../../../../src/model/network/shape.js';
import { ColumnPasses } from '../../../../src/model/training/importance/column-passes.js';
import { meanPredictions } from '../../../../src/model/training/importance/partial-dependence.js';
import { permutationImportance } from '../../../../src/model/training/importance/permutation-importance.js';
import { assertClose } from '../../../support/close-to.js';

/** Written by scripts/data/sklearn-fixtures.py. */
interface Fixture {
  readonly hidden: number[];
  readonly weights: number[];
  readonly rows: number[][];
  readonly targets: number[][];
  readonly permutations: number[][];
  readonly grid: number[];
  /** By target. */
  readonly sklearn: { importances_mean: number[]; importances_std: number[]; partial_dependence: number[][] }[];
}
const { rows, targets, sklearn, ...FIXTURE } = JSON.parse(
  readFileSync('test/fixtures/sklearn-importance.json', 'utf8'),
) as Fixture;

/** Relative difference of a forward pass in float32 from one in float64. */
const TOLERANCE = 1e-5;

const COLUMNS = rows[0]!.map((_, j) => j);

test("importance is that of scikit-learn's permutation_importance, with the same shuffles, within 1e-5", async () => {
  using passes = await create();
  const permutations = FIXTURE.permutations.map((order) => Int32Array.from(order));
  const flat = { targets: Float32Array.from(targets.flat()) };
  const { columns } = permutationImportance(passes, flat, [1, 1], COLUMNS, permutations);
  const ordered = columns.toSorted((a, b) => a.column - b.column);
  for (const [k, { importances_mean, importances_std }] of sklearn.entries()) {
    const own = ordered.map((each) => each.targets[k]!);
    assertClose(
      own.map(({ increase }) => increase),
      importances_mean,
      TOLERANCE,
    );
    assertClose(
      own.map(({ deviation }) => deviation),
      importances_std,
      TOLERANCE,
    );
  }
  const increases = columns.map(({ increase }) => increase);
  assert.deepEqual(
    increases,
    increases.toSorted((a, b) => b - a),
    'the largest is first',
  );
});

test("partial dependence is that of scikit-learn's partial_dependence, within 1e-5", async () => {
  using passes = await create();
  const points = FIXTURE.grid.map((value) => ({ codes: [value] }));
  for (const column of COLUMNS) {
    const means = meanPredictions(passes, column, points, rows.length);
    for (const [k, { partial_dependence }] of sklearn.entries()) {
      assertClose(
        means.map((each) => each[k]!),
        partial_dependence[column]!,
        TOLERANCE,
      );
    }
  }
});

async function create(): Promise<ColumnPasses> {
  const shape = { inputs: COLUMNS.length, outputs: sklearn.length, hidden: FIXTURE.hidden, auxiliaryWeight: 0 };
  const weights = new Float32Array(weightCount(shape));
  // The rest is of the reconstruction.
  weights.set(FIXTURE.weights);
  const identity = (length: number) => ({ mean: new Array(length).fill(0), scale: new Array(length).fill(1) });
  const scalers = { features: identity(shape.inputs), targets: identity(shape.outputs) };
  const features = Float32Array.from(rows.flat());
  return new ColumnPasses(await loadEngine('kernel'), { shape, weights, scalers }, features, rows.length);
}

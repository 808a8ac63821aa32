import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createRandom, shuffle } from '../../src/base/statistics/random.js';
import type { FeatureSummary } from '../../src/cli/drift-self-check/shifts.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../src/model/baseline/baseline.js';
import { addErrors } from '../../src/model/baseline/learn-expected-errors.js';
import type { Column } from '../../src/model/columns/column.js';
import type { EngineFactory } from '../../src/model/network/engine.js';
import { Predictor, predictAll } from '../../src/model/network/predictor.js';
import { train } from '../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';
import { HOUSING_FILE } from '../training/california-housing.js';

export const TRAINING_ROWS = 9000;
export const REFERENCE_ROWS = 5000;
export const TEST_ROWS = 5433;
/** Fixed, so that early stopping does not depend on the split. */
export const EPOCHS = 10;

/** Rows of a split. */
export interface SplitSizes {
  readonly training: number;
  readonly reference: number;
  readonly test: number;
}
const SIZES: SplitSizes = { training: TRAINING_ROWS, reference: REFERENCE_ROWS, test: TEST_ROWS };

/** The whole table: `features` `[rows, names]`, `targets` `[rows]`. */
export interface Housing {
  readonly names: readonly string[];
  readonly target: string;
  readonly rows: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
  /** What the codes of the features stand for; without them, all are numbers. */
  readonly columns?: readonly Column[];
}

/** A model trained on some rows, a baseline made from others, and rows that neither has seen. */
export interface Split {
  readonly names: readonly string[];
  readonly baseline: Baseline;
  readonly reference: HeldOut;
  /** `[REFERENCE_ROWS]` */
  readonly referenceTargets: Float32Array;
  readonly summaries: readonly FeatureSummary[];
  /** `[rows, names]` */
  readonly test: Float32Array;
  /** `[TEST_ROWS]` */
  readonly testTargets: Float32Array;
  readonly predict: (rows: Float32Array) => HeldOut;
  readonly close: () => void;
}

export function readHousing(directory: string): Housing {
  const [header, ...records]: string[][] = parse(readFileSync(join(directory, HOUSING_FILE)));
  const width = header!.length - 1;
  return {
    names: header!.slice(0, width),
    target: header![width]!,
    rows: records.length,
    features: Float32Array.from(records.flatMap((record) => record.slice(0, width).map(Number))),
    targets: Float32Array.from(records, (record) => Number(record[width])),
  };
}

/** Splits the table by `seed`, trains as the service does, and makes the baseline from the held-out rows. */
export async function makeSplit(
  createEngine: EngineFactory,
  housing: Housing,
  seed: number,
  sizes = SIZES,
): Promise<Split> {
  const { names, target, columns } = housing;
  const d = names.length;
  const order = Int32Array.from({ length: housing.rows }, (_, i) => i);
  shuffle(order, createRandom(seed));
  const seen = order.subarray(0, sizes.training + sizes.reference);
  const unseen = order.subarray(seen.length, seen.length + sizes.test);

  const data = {
    rows: seen.length,
    features: selectRows(housing.features, d, seen),
    targets: selectRows(housing.targets, 1, seen),
  };
  const options = {
    ...DEFAULT_TRAINING,
    epochs: EPOCHS,
    patience: EPOCHS,
    validation_split: sizes.reference / seen.length,
    seed,
  };
  const { shape, weights, scalers, heldOut } = await train(createEngine, data, d, [target], options, () => {}, columns);
  const predictor = new Predictor(createEngine(shape, weights), scalers);
  const reference = { count: heldOut.rows, rows: heldOut.features, outputs: heldOut.outputs, errors: heldOut.errors };
  const judged = {
    targets: heldOut.targets,
    predict: (rows: Float32Array) => predictAll(predictor, rows, rows.length / d),
  };
  return {
    names,
    baseline: addErrors(makeBaseline(reference, names, [target], seed, undefined, columns), reference, judged, seed),
    reference,
    summaries: names.map((_, j) => summarise(columnOf(reference.rows, d, j))),
    referenceTargets: heldOut.targets,
    test: selectRows(housing.features, d, unseen),
    testTargets: selectRows(housing.targets, 1, unseen),
    predict: (rows) => ({ count: rows.length / d, rows, ...predictAll(predictor, rows, rows.length / d) }),
    close: () => predictor.close(),
  };
}

/** Returns column `j` of `rows` `[count, d]`. */
export function columnOf(rows: Float32Array, d: number, j: number): Float64Array {
  const column = new Float64Array(rows.length / d);
  for (let r = 0; r < column.length; r++) column[r] = rows[r * d + j]!;
  return column;
}

/** Returns the mean, the standard deviation and the median of `values`. */
export function summarise(values: Float64Array): FeatureSummary {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance), median: values.toSorted()[Math.floor(values.length / 2)]! };
}

function selectRows(values: Float32Array, width: number, rows: Int32Array): Float32Array {
  const selected = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    selected.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return selected;
}

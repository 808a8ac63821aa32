import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readHousing } from '../../../bench/drift/housing.js';
import { HOUSING_FILE } from '../../../bench/training/california-housing.js';
import { createRandom, shuffle } from '../../../src/base/statistics/random.js';
import { FEATURES, Plant, TARGET } from './synthetic-plant.js';

/** Directory of California housing, as in the benchmarks. */
const DIRECTORY = process.env['CALIFORNIA_DIR'] ?? '../shared/data';
const SYNTHETIC_ROWS = 12_000;

/** A table: one half trains a model, the other half is the traffic of the service. */
export interface ReplayedTable {
  readonly name: string;
  readonly features: readonly string[];
  readonly target: string;
  /** The training half, as CSV. */
  readonly csv: string;
  /** The other half, `[rows, features]`, in random order. */
  readonly traffic: readonly (readonly number[])[];
  readonly targets: readonly number[];
  /** The feature whose unit changes, the factor, and a description of the change. */
  readonly broken: string;
  readonly factor: number;
  readonly change: string;
}

/**
 * Returns the real rows of California housing if available, otherwise rows of a synthetic plant. The traffic, 10,320 rows of
 * housing, is not used for training, because training rows would have smaller errors.
 */
export function replayedTable(): ReplayedTable {
  const { rows, ...table } = existsSync(join(DIRECTORY, HOUSING_FILE)) ? housing() : plant();
  const { features, target } = table;
  const order = Int32Array.from(rows, (_, i) => i);
  shuffle(order, createRandom(1));
  const shuffled = Array.from(order, (row) => rows[row]!);
  const half = Math.ceil(rows.length / 2);
  return {
    ...table,
    csv: [[...features, target], ...shuffled.slice(0, half)].map((row) => `${row.join(',')}\n`).join(''),
    traffic: shuffled.slice(half).map((row) => row.slice(0, -1)),
    targets: shuffled.slice(half).map((row) => row.at(-1)!),
  };
}

function housing() {
  const { names, target, rows, features, targets } = readHousing(DIRECTORY);
  const d = names.length;
  return {
    name: 'California housing, real rows',
    features: names,
    target,
    rows: Array.from({ length: rows }, (_, r) => [...features.subarray(r * d, (r + 1) * d), targets[r]!]),
    broken: 'Latitude',
    factor: Math.PI / 180,
    change: 'in radians',
  };
}

function plant() {
  const plant = new Plant(1);
  return {
    name: `a synthetic plant, because ${HOUSING_FILE} is missing (CALIFORNIA_DIR)`,
    features: FEATURES,
    target: TARGET,
    rows: plant.rows(SYNTHETIC_ROWS).map((row) => [...row, plant.power(row)]),
    broken: 'flow',
    factor: 1e-3,
    change: 'divided by 1,000',
  };
}

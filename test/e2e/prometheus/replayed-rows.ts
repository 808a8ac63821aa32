import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readHousing } from '../../../bench/drift/housing.js';
import { HOUSING_FILE } from '../../../bench/training/california-housing.js';
import { createRandom, shuffle } from '../../../src/base/statistics/random.js';
import { FEATURES, Plant, TARGET } from './synthetic-plant.js';

/** Directory of California housing, as for the benchmarks. */
const DIRECTORY = process.env['CALIFORNIA_DIR'] ?? '../shared/data';
const MADE_UP_ROWS = 12_000;

/** A table, half of which a model is trained on, and half of which comes to the service as traffic. */
export interface ReplayedTable {
  readonly name: string;
  readonly features: readonly string[];
  readonly target: string;
  /** The half to train on, as CSV. */
  readonly csv: string;
  /** The other half, `[rows, features]`, in random order. */
  readonly traffic: readonly (readonly number[])[];
  readonly targets: readonly number[];
  /** A feature that comes in another unit some day, the factor, and how one says that. */
  readonly broken: string;
  readonly factor: number;
  readonly comes: string;
}

/**
 * The real rows of California housing where they are at hand, or else those of a made-up plant. Its 10,320 rows of
 * traffic have not been trained on, whose errors would be smaller.
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
    comes: 'in radians',
  };
}

function plant() {
  const made = new Plant(1);
  return {
    name: `a made-up plant, for want of ${HOUSING_FILE} (CALIFORNIA_DIR)`,
    features: FEATURES,
    target: TARGET,
    rows: made.rows(MADE_UP_ROWS).map((row) => [...row, made.power(row)]),
    broken: 'flow',
    factor: 1e-3,
    comes: 'divided by 1,000',
  };
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { fitScaler, standardise } from '../../src/model/network/scaler.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../../src/model/network/shape.js';

export const SHAPE: Shape = {
  inputs: 8,
  outputs: 1,
  hidden: DEFAULT_HIDDEN,
  auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT,
};

/** Features `[20640, 8]`, targets `[20640, 1]`, and the rows of each part. */
export interface Housing {
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** File of the table. `california-housing.split` is next to it. */
export const HOUSING_FILE = 'california-housing.csv';

/**
 * Returns the directory of the data: the first argument, CALIFORNIA_DIR, or a default next to the checkout. Exits with a
 * message if it does not contain the table.
 */
export function housingDirectory(argument = process.argv.slice(2).find((word) => !word.startsWith('--'))): string {
  const directory = argument ?? process.env['CALIFORNIA_DIR'] ?? '../shared/data';
  if (existsSync(join(directory, HOUSING_FILE))) return directory;
  console.error(`SKIPPED: ${HOUSING_FILE} is required; pass its directory as the argument or in CALIFORNIA_DIR`);
  process.exit(0);
}

/** Reads the table and standardises its features by the training rows. The target keeps its units, as in the Keras runs. */
export function readHousing(directory: string): Housing {
  const records: string[][] = parse(readFileSync(join(directory, HOUSING_FILE)), { from_line: 2 });
  const split = readFileSync(join(directory, 'california-housing.split'), 'utf8').trim();
  if (split.length !== records.length) throw new Error(`${records.length} rows, ${split.length} marks in the split`);
  const rowsOf = (mark: string) =>
    Int32Array.from(Array.from(split, (_, row) => row).filter((row) => split[row] === mark));
  const features = Float32Array.from(records.flatMap((record) => record.slice(0, SHAPE.inputs).map(Number)));
  const targets = Float32Array.from(records, (record) => Number(record[SHAPE.inputs]));
  const train = rowsOf('t');
  standardise(fitScaler(features, SHAPE.inputs, train), features, features, records.length);
  return { features, targets, train, test: rowsOf('s') };
}

/** The features of the test rows, `[test, 8]`. */
export function testFeatures({ features, test }: Housing): Float32Array {
  return Float32Array.from({ length: test.length * SHAPE.inputs }, (_, i) => {
    const [row, column] = [Math.floor(i / SHAPE.inputs), i % SHAPE.inputs];
    return features[test[row]! * SHAPE.inputs + column]!;
  });
}

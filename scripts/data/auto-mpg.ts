import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// Prints data/auto-mpg.csv from `cars.json` of the npm package vega-datasets; see data/README.md.

interface Car {
  readonly Miles_per_Gallon: number | null;
  readonly Cylinders: number;
  readonly Displacement: number;
  readonly Horsepower: number | null;
  readonly Weight_in_lbs: number;
  readonly Acceleration: number;
  readonly Year: string;
  readonly Origin: 'USA' | 'Europe' | 'Japan';
}

/** Codes of the original table. */
const ORIGIN = { USA: 1, Europe: 2, Japan: 3 };

// The package exports only its script in `build`. The tables are in `data`, next to `build`.
const script = createRequire(import.meta.url).resolve('vega-datasets');
const path = join(dirname(script), '../data/cars.json');
const cars = JSON.parse(readFileSync(path, 'utf8')) as Car[];
const rows = cars.map((car) => [
  car.Cylinders,
  car.Displacement,
  car.Horsepower ?? '',
  car.Weight_in_lbs,
  car.Acceleration,
  new Date(car.Year).getUTCFullYear() - 1900,
  ORIGIN[car.Origin],
  car.Miles_per_Gallon ?? '',
]);
const header = 'cylinders,displacement,horsepower,weight,acceleration,model_year,origin,mpg';
process.stdout.write(`${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`);

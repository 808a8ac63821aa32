import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createRandom, type Random } from '../../src/base/statistics/random.js';
import { readHousing } from './housing.js';

/** A table of numbers; the last column is the target. */
export interface Table {
  readonly name: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly number[])[];
  /** Rows that are held out for the baseline; four times as many are trained on. */
  readonly heldOut: number;
  /** Whether enough rows are left to draw quiet streams from: a small pool differs from the held-out rows by itself. */
  readonly largePool: boolean;
}

type Cell = number | string | null | undefined;
const VEGA = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
const SYNTHETIC_ROWS = 40_000;

/** The tables of the benchmark: `housing` is the directory of California housing; the others are in vega-datasets or drawn. */
export function garbageTables(housing: string): Table[] {
  const flights = json('flights-20k') as { date: string; delay: number; distance: number }[];
  const quakes = (json('earthquakes') as { features: Quake[] }).features;
  return [
    california(housing, 2800),
    california(housing, 864),
    real(
      'flights',
      ['distance', 'hour', 'weekday', 'delay'],
      flights.map(({ date, delay, distance }) => {
        const time = new Date(`${date.replaceAll('/', '-').replace(' ', 'T')}Z`);
        return [distance, time.getUTCHours(), time.getUTCDay(), delay];
      }),
      2500,
    ),
    real(
      'films, in millions of dollars',
      ['US gross', 'world gross', 'budget', 'votes', 'rating'],
      (json('movies') as Record<string, Cell>[]).map((row) => [
        ...['US Gross', 'Worldwide Gross', 'Production Budget'].map((name) => millions(row[name])),
        ...['IMDB Votes', 'IMDB Rating'].map((name) => row[name]),
      ]),
      300,
    ),
    real(
      'weather',
      ['precipitation', 'highest', 'lowest', 'wind'],
      csv('weather').map((row) => ['precipitation', 'temp_max', 'temp_min', 'wind'].map((name) => row[name])),
      380,
    ),
    real(
      'earthquakes',
      ['longitude', 'latitude', 'depth', 'rms', 'magnitude'],
      quakes.map(({ geometry, properties }) => [...geometry.coordinates, properties.rms, properties.mag]),
      220,
    ),
    real(
      'cars',
      ['cylinders', 'displacement', 'power', 'weight', 'acceleration', 'consumption'],
      (json('cars') as Record<string, Cell>[]).map((row) =>
        ['Cylinders', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration', 'Miles_per_Gallon'].map(
          (name) => row[name],
        ),
      ),
      60,
    ),
    drawn('normal', 864, (random) => random.normal()),
    drawn('normal', 200, (random) => random.normal()),
    drawn('log-normal, σ = 1.5', 864, (random) => Math.exp(1.5 * random.normal())),
    drawn("Student's t, 2 degrees", 864, (random) => random.normal() / Math.sqrt(-Math.log(1 - random.uniform()))),
    drawn('counts, many of them 0', 864, (random) =>
      random.uniform() < 0.8 ? 0 : Math.floor(-20 * Math.log(1 - random.uniform())),
    ),
    drawn('flags, 1 in one of 500 rows', 864, (random) => Number(random.uniform() < 0.002)),
  ];
}

interface Quake {
  readonly geometry: { readonly coordinates: readonly number[] };
  readonly properties: { readonly rms: Cell; readonly mag: Cell };
}

function california(directory: string, heldOut: number): Table {
  const { names, target, rows, features, targets } = readHousing(directory);
  const d = names.length;
  const table = Array.from({ length: rows }, (_, r) => [...features.subarray(r * d, (r + 1) * d), targets[r]!]);
  return { name: 'California housing', names: [...names, target], rows: table, heldOut, largePool: true };
}

/** Leaves out rows with a cell that is not a number. */
function real(name: string, names: readonly string[], cells: readonly (readonly Cell[])[], heldOut: number): Table {
  const rows = cells
    .filter((row) => row.every((cell) => cell !== null && cell !== undefined && cell !== ''))
    .map((row) => row.map(Number))
    .filter((row) => row.every(Number.isFinite));
  return { name, names, rows, heldOut, largePool: rows.length > 10 * heldOut || rows.length > 9000 };
}

/** Three independent features; the target is the first plus noise. No table has the draws of another: they would count twice. */
function drawn(name: string, heldOut: number, draw: (random: Random) => number): Table {
  const random = createRandom([...name].reduce((seed, letter) => (31 * seed + letter.charCodeAt(0)) | 0, heldOut));
  const rows = Array.from({ length: SYNTHETIC_ROWS }, () => {
    const features = [draw(random), draw(random), draw(random)];
    return [...features, features[0]! + 0.1 * random.normal()];
  });
  return { name, names: ['a', 'b', 'c', 'y'], rows, heldOut, largePool: true };
}

/** In dollars, 2^31 would be a value like others. */
function millions(dollars: Cell): Cell {
  return typeof dollars === 'number' ? dollars / 1e6 : null;
}

function json(name: string): unknown {
  return JSON.parse(readFileSync(join(VEGA, `${name}.json`), 'utf8'));
}

function csv(name: string): Record<string, string>[] {
  return parse(readFileSync(join(VEGA, `${name}.csv`)), { columns: true });
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { type Housing, readHousing } from '../housing.js';

/** A table of numbers with a name. */
export interface BatteryTable extends Housing {
  readonly title: string;
}

/** The data sets: California housing, three of vega-datasets, and two that are drawn. */
export function batteryTables(californiaDirectory: string): BatteryTable[] {
  return [
    { title: 'California housing', ...readHousing(californiaDirectory) },
    vegaTable('daily weather (vega)', 'weather.csv', 'wind', (record) => ({
      precipitation: Number(record['precipitation']),
      temp_max: Number(record['temp_max']),
      temp_min: Number(record['temp_min']),
      day_of_year: dayOfYear(record['date']!),
      wind: Number(record['wind']),
    })),
    vegaTable('hourly weather (vega)', 'seattle-weather-hourly-normals.csv', 'wind', (record) => ({
      pressure: Number(record['pressure']),
      temperature: Number(record['temperature']),
      hour: Number(record['date']!.slice(11, 13)),
      day_of_year: dayOfYear(record['date']!),
      wind: Number(record['wind']),
    })),
    vegaTable('wind vectors (vega)', 'windvectors.csv', 'dir', (record) => ({
      longitude: Number(record['longitude']),
      latitude: Number(record['latitude']),
      speed: Number(record['speed']),
      dir: Number(record['dir']),
    })),
    patients(),
    drawn('orders (drawn)', 'delay', 8000, order),
  ];
}

/** A drawn table that needs no file. */
export function patients(): BatteryTable {
  return drawn('patients (drawn)', 'risk', 8000, patient);
}

type Row = Readonly<Record<string, number>>;

function vegaTable(title: string, file: string, target: string, read: (record: Record<string, string>) => Row) {
  const script = createRequire(import.meta.url).resolve('vega-datasets');
  const path = join(dirname(script), '../data', file);
  const records: Record<string, string>[] = parse(readFileSync(path), { columns: true });
  return tableOf(title, target, records.map(read));
}

function drawn(title: string, target: string, rows: number, draw: (random: Random) => Row): BatteryTable {
  const random = createRandom(1);
  return tableOf(
    title,
    target,
    Array.from({ length: rows }, () => draw(random)),
  );
}

function tableOf(title: string, target: string, rows: readonly Row[]): BatteryTable {
  const names = Object.keys(rows[0]!).filter((name) => name !== target);
  return {
    title,
    names,
    target,
    rows: rows.length,
    features: Float32Array.from(rows.flatMap((row) => names.map((name) => row[name]!))),
    targets: Float32Array.from(rows, (row) => row[target]!),
  };
}

function dayOfYear(date: string): number {
  const day = Date.parse(date.slice(0, 10));
  return (day - Date.parse(`${date.slice(0, 4)}-01-01`)) / 86_400_000 + 1;
}

/** Normal columns that depend on each other, and one with three values. */
function patient(random: Random): Row {
  const height = random.normal();
  const build = random.normal();
  const age = 50 + 15 * random.normal();
  const weight = 75 + 9 * height + 10 * build + 2 * random.normal();
  const pressure = 120 + 0.4 * (age - 50) + 5 * build + 8 * random.normal();
  const dose = random.below(3);
  return {
    age,
    height: 172 + 9 * height,
    weight,
    waist: 88 + 9 * build + 3 * random.normal(),
    pressure,
    temperature: 36.8 + 0.4 * random.normal(),
    dose,
    risk: age / 10 + pressure / 30 - dose + random.normal(),
  };
}

/** Skewed columns, counts, many zeros, a flag, and balances of both signs. */
function order(random: Random): Row {
  const size = random.normal();
  const items = 1 + Math.floor(Math.exp(0.8 + 0.6 * size + 0.4 * random.normal()));
  const price = Math.exp(3 + 0.7 * size + 0.5 * random.normal());
  const distance = Math.exp(4 + random.normal());
  const discount = random.uniform() < 0.6 ? 0 : price * 0.2 * random.uniform();
  const isMember = Number(random.uniform() < 0.3 + 0.2 * Number(size > 0));
  return {
    items,
    price,
    weight_kg: items * Math.exp(-0.5 + 0.4 * random.normal()),
    distance_km: distance,
    discount,
    is_member: isMember,
    balance: 100 * random.normal() + 40 * size,
    hour: random.below(24),
    delay: Math.sqrt(distance) / 4 + items / 5 - isMember + 0.5 * random.normal(),
  };
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { createRandom } from '../../src/base/statistics/random.js';

const DATA = resolve(import.meta.dirname, '../../../data/auto-mpg.csv');
const SEED = 1;
/** Milliseconds from one request to the next. */
const PAUSE = 100;
/** Rows that are made up for after a stall, in milliseconds; older ones are left out. */
const MAX_BEHIND = 2000;

/** A row by the names of its columns, in the units of the table. */
export type NamedRow = Readonly<Record<string, number>>;

/** Sends rows of the embedded data to a service, drawn at random with replacement, at a steady rate. */
export class Replay {
  /** What becomes of a row on its way. */
  fault: (row: NamedRow) => NamedRow = (row) => row;
  /** Rows that were answered. */
  answered = 0;
  private readonly rows: readonly NamedRow[];
  private readonly random = createRandom(SEED);

  /** Takes the rows that have a value in all of `features`, and of these columns only. */
  constructor(features: readonly string[]) {
    const cars = parse<Record<string, string>>(readFileSync(DATA), { columns: true });
    this.rows = cars
      .filter((car) => features.every((name) => car[name] !== ''))
      .map((car) => Object.fromEntries(features.map((name) => [name, Number(car[name])])));
  }

  /** Sends until `signal`. Throws if the service does not answer with a prediction. */
  async run(url: string, rowsPerSecond: number, signal: AbortSignal): Promise<void> {
    let owed = 0;
    let before = performance.now();
    while (!signal.aborted) {
      const now = performance.now();
      owed += (rowsPerSecond * Math.min(now - before, MAX_BEHIND)) / 1000;
      before = now;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0) await this.send(url, count, signal);
      await sleep(PAUSE, undefined, { signal });
    }
  }

  private async send(url: string, count: number, signal: AbortSignal): Promise<void> {
    const instances = Array.from({ length: count }, () => this.fault(this.rows[this.random.below(this.rows.length)]!));
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances }),
      signal,
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`POST /predict: ${response.status} ${answer}`);
    this.answered += count;
  }
}

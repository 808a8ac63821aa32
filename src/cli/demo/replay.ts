import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { builtFile } from '../../base/node/built-file.js';
import { createRandom } from '../../base/statistics/random.js';

const DATA = new URL('../../data/auto-mpg.csv', builtFile('main.js'));
const SEED = 1;
/** Interval between requests, in milliseconds. */
const INTERVAL = 100;
/** After a stall, only the rows due in this time are sent late, in milliseconds. */
const MAX_BEHIND = 2000;

/** A row by column name, in the units of the table. */
export type NamedRow = Readonly<Record<string, number>>;

/** Sends random rows of the bundled data to a service at a steady rate. */
export class Replay {
  /** What is sent, in words. */
  condition = 'normal rows';
  /** Changes each row before it is sent. */
  private fault: (row: NamedRow) => NamedRow = (row) => row;
  /** Number of rows with a reply. */
  answered = 0;
  private readonly rows: readonly NamedRow[];
  private readonly random = createRandom(SEED);

  /** Reads the rows without missing values in `features`, restricted to these columns. */
  constructor(features: readonly string[]) {
    const cars = parse<Record<string, string>>(readFileSync(DATA), { columns: true });
    this.rows = cars
      .filter((car) => features.every((name) => car[name] !== ''))
      .map((car) => Object.fromEntries(features.map((name) => [name, Number(car[name])])));
  }

  /** Changes each row from now on. `condition`: the change in words. */
  change(condition: string, fault: (row: NamedRow) => NamedRow): void {
    this.condition = condition;
    this.fault = fault;
  }

  /** Sends rows until aborted. Throws if a prediction fails. */
  async run(url: string, rowsPerSecond: number, signal: AbortSignal): Promise<void> {
    let due = 0;
    let before = performance.now();
    while (!signal.aborted) {
      const now = performance.now();
      due += (rowsPerSecond * Math.min(now - before, MAX_BEHIND)) / 1000;
      before = now;
      const count = Math.floor(due);
      due -= count;
      if (count > 0) await this.send(url, count, signal);
      await sleep(INTERVAL, undefined, { signal });
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

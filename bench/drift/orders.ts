import type { Random } from '../../src/base/statistics/random.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { columnOf } from './housing.js';
import { Pool } from './pool.js';

/** Returns the next rows of a stream: `count` rows in the order in which they arrive. */
export type Stream = (count: number) => HeldOut;

/** A way in which rows without drift arrive. */
export interface Order {
  readonly name: string;
  readonly open: (rows: HeldOut, column: number, random: Random) => Stream;
}

/** A row in two follows its predecessor with this correlation. */
const MEMORY = 0.98;
const DAYS = [2000, 5000];
const NOISES = [0, 1, 3];

export const ORDERS: readonly Order[] = [
  { name: 'independent rows', open: shuffled },
  ...DAYS.flatMap((day) =>
    NOISES.map((noise) => ({
      name: `days of ${day.toLocaleString('en')} rows, sorted by one column${noise ? ` with noise of ${noise} sd` : ''}`,
      open: sortedDays(day, (value, deviation, random) => value + noise * deviation * random.normal()),
    })),
  ),
  { name: 'cycles of 500 rows, sorted by one column', open: sortedDays(500, (value) => value) },
  ...NOISES.slice(1).map((noise) => ({
    name: `one column follows its past (autoregression, ${MEMORY}) with noise of ${noise} sd`,
    open: following(noise),
  })),
  { name: 'every row five times', open: repeated(5, 0) },
  { name: 'every row five times, after 20,000 independent rows', open: repeated(5, 20_000) },
  { name: 'every second row is the same one', open: interleaved },
];

function shuffled(rows: HeldOut, _column: number, random: Random): Stream {
  const pool = new Pool(rows, random);
  return (count) => pool.next(count);
}

/** Days of rows drawn at random, each sorted by a key of one column. */
function sortedDays(day: number, key: (value: number, deviation: number, random: Random) => number): Order['open'] {
  return (rows, column, random) => {
    const pool = new Pool(rows, random);
    const d = rows.rows.length / rows.count;
    const deviation = deviationOf(columnOf(rows.rows, d, column));
    return queued(() => {
      const drawn = pool.next(day);
      const keys = columnOf(drawn.rows, d, column).map((value) => key(value, deviation, random));
      return select(drawn, order(keys));
    });
  };
}

/** The ranks of one column follow those of an autoregressive series with noise. */
function following(noise: number): Order['open'] {
  return (rows, column, random) => {
    const pool = new Pool(rows, random);
    const d = rows.rows.length / rows.count;
    let level = 0;
    return queued(() => {
      const drawn = pool.next(5000);
      const series = Float64Array.from({ length: drawn.count }, () => {
        level = MEMORY * level + Math.sqrt(1 - MEMORY ** 2) * random.normal();
        return level + noise * random.normal();
      });
      const sorted = order(columnOf(drawn.rows, d, column));
      const arrival = new Int32Array(drawn.count);
      order(series).forEach((place, rank) => {
        arrival[place] = sorted[rank]!;
      });
      return select(drawn, arrival);
    });
  };
}

/** Every row `times` times in a row, from row `start` on. */
function repeated(times: number, start: number): Order['open'] {
  return (rows, _column, random) => {
    const pool = new Pool(rows, random);
    let sent = 0;
    return queued(() => {
      const drawn = pool.next(100);
      const each = sent < start ? 1 : times;
      sent += drawn.count;
      return select(
        drawn,
        Int32Array.from({ length: drawn.count * each }, (_, i) => Math.floor(i / each)),
      );
    });
  };
}

function interleaved(rows: HeldOut, _column: number, random: Random): Stream {
  const pool = new Pool(rows, random);
  const one = pool.next(1);
  return queued(() => {
    const drawn = pool.next(100);
    const both = join(drawn, one);
    return select(
      both,
      Int32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i / 2 : 100)),
    );
  });
}

/** Cuts what `next` returns into pieces of any size. */
function queued(next: () => HeldOut): Stream {
  let held = next();
  let at = 0;
  return (count) => {
    let taken: HeldOut | undefined;
    while ((taken?.count ?? 0) < count) {
      if (at === held.count) {
        held = next();
        at = 0;
      }
      const size = Math.min(count - (taken?.count ?? 0), held.count - at);
      const from = at;
      const part = select(
        held,
        Int32Array.from({ length: size }, (_, i) => from + i),
      );
      taken = taken ? join(taken, part) : part;
      at += size;
    }
    return taken!;
  };
}

export function join(a: HeldOut, b: HeldOut): HeldOut {
  return {
    count: a.count + b.count,
    rows: Float32Array.of(...a.rows, ...b.rows),
    outputs: Float32Array.of(...a.outputs, ...b.outputs),
    errors: Float32Array.of(...a.errors, ...b.errors),
  };
}

function select({ count, rows, outputs, errors }: HeldOut, chosen: Int32Array): HeldOut {
  const d = rows.length / count;
  const selected = new Float32Array(chosen.length * d);
  chosen.forEach((row, i) => {
    selected.set(rows.subarray(row * d, (row + 1) * d), i * d);
  });
  return {
    count: chosen.length,
    rows: selected,
    outputs: Float32Array.from(chosen, (row) => outputs[row]!),
    errors: Float32Array.from(chosen, (row) => errors[row]!),
  };
}

function order(keys: Float64Array): Int32Array {
  return Int32Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]!);
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

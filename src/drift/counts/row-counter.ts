import type { RowReader } from '../rows/row-reader.js';
import type { Charts } from './charts.js';
import type { Counters } from './counters.js';
import type { DesignEffect } from './design-effect.js';
import type { RowCounts } from './row-counts.js';

/** The rows of one request, of which `counted`, evenly chosen, count. Longer arrays are allowed. */
export interface RequestRows {
  /** `[count, features]` in raw units, NaN where a value is missing. */
  rows: Float32Array;
  /** `[count, outputs]` in target units. */
  outputs: Float32Array;
  /** `[count]` */
  errors: Float32Array;
  count: number;
  counted: number;
}

/** What rows are counted in. */
export interface WatchParts {
  readonly reader: RowReader;
  readonly tally: RowCounts;
  readonly counters: Counters;
  readonly designEffect: DesignEffect;
  readonly charts: Charts;
}

/** Counts rows one after another. */
export interface RowCounter {
  /** Whether a chart is beyond its limit with the latest row. */
  readonly beyond: boolean;
  /** Takes some of the rows from number `from` of those that count up to number `to`, in their order; returns the next one's. */
  take(request: RequestRows, from: number, to: number): number;
}

/** The place in a request of number `i` of the rows that count. */
export function placeOf(i: number, { count, counted }: RequestRows): number {
  return counted === count ? i : Math.floor((i * count) / counted);
}

/** In TypeScript: the oracle of the tests, and the fallback where WebAssembly is missing. */
export class PlainRowCounter implements RowCounter {
  beyond = false;
  private readonly parts: WatchParts;

  constructor(parts: WatchParts) {
    this.parts = parts;
  }

  take(request: RequestRows, from: number): number {
    const { reader, tally, counters, designEffect, charts } = this.parts;
    reader.read(request.rows, request.outputs, request.errors, placeOf(from, request));
    tally.add(reader);
    counters.addP(reader);
    designEffect.add(reader.bins);
    this.beyond = charts.update(reader);
    return from + 1;
  }
}

import {
  ERROR_CHART_LAMBDA,
  ERROR_CHART_LEVEL,
  ERROR_CHART_MEAN,
  ERROR_CHART_SQUARED_LIMIT,
  REPEAT_BUCKETS,
  REPEAT_WAYS,
  REPEATS_FOUND,
  REPEATS_SEEN,
  REPEATS_SHARE,
} from '../../src/drift/counts/assembly/fields.js';
import type { Charts } from '../../src/drift/counts/charts.js';
import { type Counters, P_BUCKETS } from '../../src/drift/counts/counters.js';
import type { Repeats } from '../../src/drift/counts/repeats.js';
import { type CounterParts, type RequestRows, rowIndex } from '../../src/drift/counts/row-counter.js';
import type { WasmRowCounter } from '../../src/drift/counts/wasm-row-counter.js';
import type { RowReader } from '../../src/drift/rows/row-reader.js';

/** Counts rows in TypeScript: the oracle of the row counter in WebAssembly, which must give the same bits. */
export class ReferenceRowCounter implements Pick<WasmRowCounter, 'beyond' | 'count'> {
  beyond = false;
  private readonly parts: CounterParts;

  constructor(parts: CounterParts) {
    this.parts = parts;
  }

  count(request: RequestRows, start: number): number {
    const { reader, rowCounts, counters, charts, repeats } = this.parts;
    const r = rowIndex(start, request);
    this.beyond = false;
    const row = request.rows.subarray(r * reader.features, (r + 1) * reader.features);
    if (repeats.distance > 0 && isRepeat(repeats, row, charts.errorChart[ERROR_CHART_LAMBDA]!)) return start + 1;
    reader.read(request.rows, request.outputs, request.errors, r);
    rowCounts.add(reader);
    countP(counters, reader.p);
    this.beyond = moveCharts(charts, reader);
    return start + 1;
  }
}

function isRepeat({ slots, tally, distance }: Repeats, row: Float32Array, lambda: number): boolean {
  const hashes: [even: number, odd: number] = [0, 0];
  new Uint32Array(row.slice().buffer).forEach((bits, j) => {
    hashes[j % 2] = mix(hashes[j % 2]! ^ bits);
  });
  const [even, odd] = hashes;
  const hash = mix(even ^ ((odd << 16) | (odd >>> 16))) >>> 0;
  const number = ++tally[REPEATS_SEEN]!;
  const first = REPEAT_WAYS * (hash & (REPEAT_BUCKETS - 1));
  const places = Array.from({ length: REPEAT_WAYS }, (_, way) => 2 * (first + way));
  const age = (place: number) => number - slots[place + 1]!;
  const same = places.find((place) => slots[place] === hash && slots[place + 1] !== 0);
  const slot = same ?? places.reduce((oldest, place) => (age(place) > age(oldest) ? place : oldest));
  const repeated = same !== undefined && age(same) <= distance;
  slots[slot] = hash;
  slots[slot + 1] = number;
  tally[REPEATS_SHARE]! += lambda * (Number(repeated) - tally[REPEATS_SHARE]!);
  if (repeated) tally[REPEATS_FOUND]!++;
  return repeated;
}

function mix(hash: number): number {
  const product = Math.imul(hash, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function countP({ pValues, pValueSum }: Counters, p: number): void {
  pValues[P_BUCKETS.findIndex((bound) => !(p > bound))]!++;
  pValueSum[0]! += p;
}

/** Returns whether a chart is beyond its limit. */
function moveCharts({ histograms, limits, errorChart }: Charts, { bins, errorScore }: RowReader): boolean {
  const above = histograms.update(bins, 0, limits);
  const level = errorChart[ERROR_CHART_LEVEL]!;
  errorChart[ERROR_CHART_LEVEL] = level + errorChart[ERROR_CHART_LAMBDA]! * (errorScore - level);
  const distance = errorChart[ERROR_CHART_LEVEL]! - errorChart[ERROR_CHART_MEAN]!;
  return above || distance * distance > errorChart[ERROR_CHART_SQUARED_LIMIT]!;
}

import {
  ERROR_CHART_LAMBDA,
  ERROR_CHART_LEVEL,
  ERROR_CHART_MEAN,
  ERROR_CHART_SQUARED_LIMIT,
} from '../../src/drift/counts/assembly/fields.js';
import type { Charts } from '../../src/drift/counts/charts.js';
import { type Counters, P_BUCKETS } from '../../src/drift/counts/counters.js';
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
    const { reader, rowCounts, counters, designEffect, charts } = this.parts;
    reader.read(request.rows, request.outputs, request.errors, rowIndex(start, request));
    rowCounts.add(reader);
    countP(counters, reader.p);
    designEffect.add(reader.bins);
    this.beyond = moveCharts(charts, reader);
    return start + 1;
  }
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

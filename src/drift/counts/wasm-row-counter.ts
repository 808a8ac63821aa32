import { type ArrayMemory, type NumberArray, placeArrays } from '../../base/node/array-memory.js';
import { loadWasmModule, type WasmMemory } from '../../base/node/web-assembly.js';
import type { OrderedLists } from '../../model/baseline/ordered-lists.js';
import type { RankTable } from '../rows/rank-table.js';
import * as fields from './assembly/fields.js';
import { P_BUCKETS } from './counters.js';
import { type CounterParts, type RequestRows, type RowCounter, rowIndex } from './row-counter.js';

/** The exports of assembly/row-counter.ts; those of assembly/fields.ts are among them. */
interface Exports {
  readonly memory: WasmMemory;
  countRows(record: number, count: number): number;
  heapStart(): number;
}

/** The values of a record: one for each name in assembly/fields.ts that begins with `Prefix`, by its position. */
type Values<Prefix extends string> = {
  readonly [Name in keyof typeof fields as Name extends `${Prefix}_${string}` ? (typeof fields)[Name] : never]: number;
};

/** Rows that are copied into the memory at a time. */
const BLOCK = 64;

const instantiate = loadWasmModule(new URL(import.meta.resolve('#built/row-counter.wasm'))) as
  | (() => Exports)
  | undefined;
if (instantiate) checkFields(instantiate() as object);

/** Throws an Error if the JavaScript engine cannot run the row counter. */
export function requireRowCounter(): () => Exports {
  if (instantiate) return instantiate;
  throw new Error(
    'this JavaScript engine has no WebAssembly SIMD, which the drift monitor needs; run Node.js without --jitless',
  );
}

/** Throws an Error unless a binary's exports have every name of assembly/fields.ts with the same position, and no other. */
export function checkFields(exports: object): void {
  const exported = new Map(
    Object.entries(exports).flatMap(([name, { value }]) => (typeof value === 'number' ? [[name, value]] : [])),
  );
  const names = new Set([...Object.keys(fields), ...exported.keys()]);
  for (const name of names) {
    const expected = (fields as Record<string, number>)[name];
    if (exported.get(name) === expected) continue;
    const found = exported.get(name) ?? 'missing';
    throw new Error(`row-counter.wasm: ${name} is ${found}, expected ${expected ?? 'none'}; run npm run build`);
  }
}

/**
 * Counts rows in WebAssembly, in less than half of the time that TypeScript takes. The parts that rows are counted in move
 * their arrays into the memory of its instance.
 */
export class WasmRowCounter implements RowCounter {
  beyond = false;
  private readonly parts: CounterParts;
  private readonly countRows: Exports['countRows'];
  private readonly record: number;
  private readonly bins: Uint8Array;
  private readonly rows: Float32Array;
  private readonly outputs: Float32Array;
  private readonly errors: Float32Array;

  /** Throws an Error if the JavaScript engine has no WebAssembly SIMD. */
  constructor(parts: CounterParts) {
    const { memory, countRows, heapStart } = requireRowCounter()();
    this.parts = parts;
    this.countRows = countRows;
    const placed = placeArrays(memory, heapStart(), (arrays) => placeParts(parts, arrays));
    this.record = placed.record;
    this.bins = placed.bins;
    this.rows = placed.rows;
    this.outputs = placed.outputs;
    this.errors = placed.errors;
  }

  count(request: RequestRows, start: number, end: number): number {
    const { designEffect } = this.parts;
    // Row by row while the design effect needs the bins of each, and while a drift makes each an alarm.
    const count = designEffect.settled && !this.beyond ? Math.min(BLOCK, end - start) : 1;
    this.copy(request, start, count);
    const counted = this.countRows(this.record, count);
    designEffect.add(this.bins);
    this.beyond = counted < 0;
    return start + Math.abs(counted);
  }

  private copy(request: RequestRows, start: number, count: number): void {
    const { rows, outputs, errors } = this;
    const features = rows.length / BLOCK;
    const width = outputs.length / BLOCK;
    for (let i = 0; i < count; i++) {
      const r = rowIndex(start + i, request);
      for (let j = 0; j < features; j++) rows[i * features + j] = request.rows[r * features + j]!;
      for (let j = 0; j < width; j++) outputs[i * width + j] = request.outputs[r * width + j]!;
      errors[i] = request.errors[r]!;
    }
  }
}

/** Moves the parts into `memory`, and places the records that assembly/row-counter.ts reads and the buffers of a block. */
function placeParts({ reader, rowCounts, counters, charts }: CounterParts, memory: ArrayMemory) {
  const { features, outputs, distances, precision } = reader;
  const { histograms } = charts;
  const { channels } = rowCounts;
  const address = (array: NumberArray) => memory.place(array).byteOffset;
  const lists = ({ numbers, starts, lows, scales, parts }: OrderedLists) =>
    address(
      toRecord<'LISTS'>({
        // The element after the last list is read as well, and must equal nothing.
        [fields.LISTS_NUMBERS]: address(Float64Array.from([...numbers, Number.NaN])),
        [fields.LISTS_STARTS]: address(starts),
        [fields.LISTS_LOWS]: address(lows),
        [fields.LISTS_SCALES]: address(scales),
        [fields.LISTS_PARTS]: address(parts),
      }),
    );
  const ranks = ({ values, ps, tiedScores, gapScores }: RankTable) =>
    address(
      toRecord<'RANKS'>({
        [fields.RANKS_VALUES]: lists(values),
        [fields.RANKS_PS]: address(ps),
        [fields.RANKS_TIED_SCORES]: address(tiedScores),
        [fields.RANKS_GAP_SCORES]: address(gapScores),
      }),
    );
  const stride = features + (features % 2);
  const columns = new Float64Array(distances ? features * stride : 0);
  for (let i = 0; i < features && distances; i++) {
    for (let j = 0; j < features; j++) columns[j * stride + i] = precision[i * features + j]!;
  }
  const diagonal = Float64Array.from({ length: distances ? features : 0 }, (_, j) => precision[j * features + j]!);
  rowCounts.moveInto(memory);
  counters.moveInto(memory);
  charts.moveInto(memory);
  const rows = memory.place(new Float32Array(BLOCK * features));
  const predictions = memory.place(new Float32Array(BLOCK * outputs));
  const errors = memory.place(new Float32Array(BLOCK));
  const bins = memory.place(new Uint8Array(channels.length));
  const record = address(
    toRecord<'COUNTER'>({
      [fields.COUNTER_FEATURES]: features,
      [fields.COUNTER_OUTPUTS]: outputs,
      [fields.COUNTER_CHANNELS]: channels.length,
      [fields.COUNTER_ROWS]: rows.byteOffset,
      [fields.COUNTER_PREDICTIONS]: predictions.byteOffset,
      [fields.COUNTER_ERRORS]: errors.byteOffset,
      [fields.COUNTER_LIMITS]: address(reader.limits),
      [fields.COUNTER_COLUMN_MEANS]: address(reader.columnMeans),
      [fields.COUNTER_COLUMN_DEVIATIONS]: address(reader.columnDeviations),
      [fields.COUNTER_EDGES]: lists(reader.edges),
      [fields.COUNTER_GRIDS]: lists(reader.grids),
      [fields.COUNTER_GRID_SCORES]: address(reader.gridScores),
      [fields.COUNTER_ERROR_RANKS]: ranks(reader.errors),
      [fields.COUNTER_DISTANCE_RANKS]: distances ? ranks(distances) : 0,
      [fields.COUNTER_MEAN]: address(reader.mean),
      [fields.COUNTER_PRECISION]: address(columns),
      [fields.COUNTER_DIAGONAL]: address(diagonal),
      [fields.COUNTER_STRIDE]: stride,
      [fields.COUNTER_VALUES]: address(new Float64Array(channels.length)),
      [fields.COUNTER_BINS]: bins.byteOffset,
      [fields.COUNTER_SCORES]: address(new Float64Array(features)),
      [fields.COUNTER_WHITENED]: address(new Float64Array(stride)),
      [fields.COUNTER_OFFSETS]: address(Uint32Array.from(channels, ({ offset }) => offset)),
      [fields.COUNTER_BIN_COUNTS]: address(Uint32Array.from(channels, ({ bins }) => bins.counts.length)),
      [fields.COUNTER_COUNTS]: rowCounts.counts.byteOffset,
      [fields.COUNTER_PLACES]: rowCounts.places.byteOffset,
      [fields.COUNTER_SUMS]: rowCounts.sums.byteOffset,
      [fields.COUNTER_TOTALS]: rowCounts.totals.byteOffset,
      [fields.COUNTER_P_BOUNDS]: address(Float64Array.from(P_BUCKETS)),
      [fields.COUNTER_P_VALUES]: counters.pValues.byteOffset,
      [fields.COUNTER_P_SUM]: counters.pValueSum.byteOffset,
      [fields.COUNTER_INVERSE_SHARES]: address(histograms.inverseShares),
      [fields.COUNTER_WEIGHTS]: histograms.weights.byteOffset,
      [fields.COUNTER_SCALES]: histograms.scales.byteOffset,
      [fields.COUNTER_SQUARES]: histograms.sums.byteOffset,
      [fields.COUNTER_CHART_LIMITS]: charts.limits.byteOffset,
      [fields.COUNTER_ERROR_CHART]: charts.errorChart.byteOffset,
    }),
  );
  return { record, bins, rows, outputs: predictions, errors };
}

/** A record as the binary reads it. The keys of an object that are whole numbers are in ascending order. */
function toRecord<Prefix extends string>(values: Values<Prefix>): Uint32Array {
  return Uint32Array.from(Object.values<number>(values));
}

import { type ArrayMemory, type NumberArray, placeArrays } from '../../base/node/array-memory.js';
import { builtFile } from '../../base/node/built-file.js';
import { loadWasmModule, type WasmMemory } from '../../base/node/web-assembly.js';
import { OrderedLists } from '../../model/baseline/sketches/ordered-lists.js';
import type { RankTable } from '../rows/rank-table.js';
import * as fields from './assembly/fields.js';
import { P_BUCKETS } from './counters.js';
import { RecentRows } from './recent-rows.js';
import { type CounterParts, type RequestRows, rowIndex } from './row-counter.js';

/** The functions of assembly/row-counter.ts. Its exports are also its globals, and the positions of assembly/fields.ts. */
interface Exports {
  readonly memory: WasmMemory;
  countRows(first: number, count: number): number;
  heapStart(): number;
}

/** The values of a record: one for each name in assembly/fields.ts that begins with `Prefix`, by its position. */
type Values<Prefix extends string> = {
  readonly [Name in keyof typeof fields as Name extends `${Prefix}_${string}` ? (typeof fields)[Name] : never]: number;
};

/** Maximum rows that are copied into the memory at a time. */
const BLOCK = 64;

const instantiate = loadWasmModule(builtFile('row-counter.wasm')) as (() => Exports) | undefined;
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
  const exported = new Map(numbersOf(exports).map(([name, { value }]) => [name, value]));
  const constants = [...exported.keys()].filter((name) => name === name.toUpperCase());
  for (const name of new Set([...Object.keys(fields), ...constants])) {
    const expected = (fields as Record<string, number>)[name];
    if (exported.get(name) === expected) continue;
    const found = exported.get(name) ?? 'missing';
    throw new Error(`row-counter.wasm: ${name} is ${found}, expected ${expected ?? 'none'}; run npm run build`);
  }
}

/** Sets the globals of a binary. Throws an Error unless `values` has every global, and no other. */
export function setGlobals(exports: object, values: Readonly<Record<string, number>>): void {
  const globals = new Map(numbersOf(exports).filter(([name]) => !(name in fields)));
  for (const name of new Set([...globals.keys(), ...Object.keys(values)])) {
    const global = globals.get(name);
    const value = values[name];
    if (!global || value === undefined) throw new Error(`row-counter.wasm: ${name} is not set, or not a global`);
    global.value = value;
  }
}

function numbersOf(exports: object): [string, { value: number }][] {
  return Object.entries(exports).filter(([, { value }]) => typeof value === 'number');
}

/**
 * Counts rows in WebAssembly, in less than half of the time that TypeScript takes. The parts that rows are counted in move
 * their arrays into the memory of its instance.
 */
export class WasmRowCounter {
  /** Whether a chart is beyond its limit after the latest row. */
  beyond = false;
  /** The latest rows. */
  readonly recent: RecentRows;
  private readonly parts: CounterParts;
  private readonly countRows: Exports['countRows'];
  /** `[BLOCK + 1]` */
  private readonly marks: Uint8Array;

  /** Throws an Error if the JavaScript engine has no WebAssembly SIMD. */
  constructor(parts: CounterParts) {
    const exports = requireRowCounter()();
    this.parts = parts;
    this.countRows = exports.countRows;
    this.recent = new RecentRows(parts.reader.features, parts.reader.outputs);
    const { globals, guarded } = placeArrays(exports.memory, exports.heapStart(), (memory) =>
      placeParts(parts, this.recent, memory),
    );
    setGlobals(exports, globals);
    this.marks = guarded;
  }

  /**
   * Counts rows in order, except for repeats, from number `start` of the counted rows and at most to number `end`. Returns the
   * number of the next row.
   */
  count(request: RequestRows, start: number, end: number): number {
    const { recent } = this;
    // Row by row while a drift makes each an alarm.
    const count = this.beyond ? 1 : Math.min(BLOCK, end - start, recent.room);
    this.copy(request, start, count);
    const counted = this.countRows(recent.end, count);
    const rows = Math.abs(counted);
    recent.advance(rows);
    this.beyond = counted < 0;
    return start + rows;
  }

  /**
   * 1 for each row that the latest `count` has counted, from its start, with a value that is missing or outside its limits in
   * the reader; undefined if there is no such row.
   */
  get guarded(): Uint8Array | undefined {
    return this.marks[BLOCK] ? this.marks : undefined;
  }

  private copy(request: RequestRows, start: number, count: number): void {
    const { rows, outputs, errors, end } = this.recent;
    const { features, outputs: width } = this.parts.reader;
    if (request.count === request.counted) {
      copyNumbers(request.rows, start * features, rows, end * features, count * features);
      copyNumbers(request.outputs, start * width, outputs, end * width, count * width);
      copyNumbers(request.errors, start, errors, end, count);
      return;
    }
    for (let i = 0; i < count; i++) {
      const r = rowIndex(start + i, request);
      const to = end + i;
      for (let j = 0; j < features; j++) rows[to * features + j] = request.rows[r * features + j]!;
      for (let j = 0; j < width; j++) outputs[to * width + j] = request.outputs[r * width + j]!;
      errors[to] = request.errors[r]!;
    }
  }
}

/** Without `subarray`, which allocates. */
function copyNumbers(from: Float32Array, start: number, to: Float32Array, end: number, count: number): void {
  for (let i = 0; i < count; i++) to[end + i] = from[start + i]!;
}

/**
 * Moves the parts into `memory`, and places the records that assembly/row-counter.ts reads. Returns the globals of
 * assembly/row-counter.ts, and the marks of its rows.
 */
function placeParts(parts: CounterParts, recent: RecentRows, memory: ArrayMemory) {
  const { reader, rowCounts, counters, charts, repeats } = parts;
  const { features, outputs, distances, precision } = reader;
  const { histograms } = charts;
  const { channels } = rowCounts;
  const address = (array: NumberArray) => memory.place(array).byteOffset;
  const lists = ({ numbers, starts, lows, scales, parts, partCount }: OrderedLists) =>
    address(
      toRecord<'LISTS'>({
        // The element after the last list is read as well, and must equal nothing.
        [fields.LISTS_NUMBERS]: address(Float64Array.from([...numbers, Number.NaN])),
        [fields.LISTS_STARTS]: address(starts),
        [fields.LISTS_LOWS]: address(lows),
        [fields.LISTS_SCALES]: address(scales),
        [fields.LISTS_PARTS]: address(parts),
        [fields.LISTS_PART_COUNT]: partCount,
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
  const diagonal = new Float64Array(distances ? stride : 0).fill(1);
  for (let j = 0; j < features && distances; j++) diagonal[j] = precision[j * features + j]!;
  rowCounts.moveInto(memory);
  counters.moveInto(memory);
  charts.moveInto(memory);
  repeats.moveInto(memory);
  recent.moveInto(memory);
  const guarded = memory.place(new Uint8Array(BLOCK + 1));
  const globals = {
    features,
    outputs,
    channels: channels.length,
    rows: recent.rows.byteOffset,
    predictions: recent.outputs.byteOffset,
    errors: recent.errors.byteOffset,
    limits: address(reader.limits),
    columnMeans: address(reader.columnMeans),
    columnDeviations: address(reader.columnDeviations),
    edges: lists(reader.edges),
    grids: lists(reader.grids),
    gridScores: address(reader.gridScores),
    errorRanks: ranks(reader.errors),
    distanceRanks: distances ? ranks(distances) : 0,
    mean: address(reader.mean),
    precision: address(columns),
    diagonal: address(diagonal),
    stride,
    values: address(new Float64Array(channels.length + (features % 2))),
    scores: address(new Float64Array(features)),
    whitened: address(new Float64Array(stride)),
    guarded: guarded.byteOffset,
    guardedEnd: BLOCK,
    offsets: address(Uint32Array.from(channels, ({ offset }) => offset)),
    binCounts: address(Uint32Array.from(channels, ({ bins }) => bins.counts.length)),
    counts: rowCounts.counts.byteOffset,
    places: rowCounts.places.byteOffset,
    sums: rowCounts.sums.byteOffset,
    totals: rowCounts.totals.byteOffset,
    pBounds: lists(new OrderedLists([P_BUCKETS])),
    pValues: counters.pValues.byteOffset,
    pSum: counters.pValueSum.byteOffset,
    inverseShares: address(histograms.inverseShares),
    weights: histograms.weights.byteOffset,
    scales: histograms.scales.byteOffset,
    squares: histograms.sums.byteOffset,
    chartLimits: charts.limits.byteOffset,
    errorChart: charts.errorChart.byteOffset,
    repeatSlots: repeats.slots.byteOffset,
    repeatTally: repeats.tally.byteOffset,
    repeatDistance: repeats.distance,
  };
  return { globals, guarded };
}

/** A record as the binary reads it. The keys of an object that are whole numbers are in ascending order. */
function toRecord<Prefix extends string>(values: Values<Prefix>): Uint32Array {
  return Uint32Array.from(Object.values<number>(values));
}

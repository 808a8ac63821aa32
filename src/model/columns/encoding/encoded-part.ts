import { CalendarInputs } from './calendar-inputs.js';
import { MAX_CODE } from './cycles.js';
import { type EncodedColumn, inputsOf, type PowerEncoding } from './encoding.js';
import { oneHotTable, targetTable } from './level-table.js';
import { bounded, type Reach, reachOf } from './reach.js';
import { yeoJohnson } from './yeo-johnson.js';

/** Numbers from which a copy by `set` is faster than a loop. */
const LONG = 24;

/** Encodes the codes of one column. One class, because calls of many are slower. */
export class EncodedPart {
  readonly inputs: number;
  private readonly kind: 'number' | 'power' | 'table' | 'calendar';
  private readonly column: EncodedColumn;
  private readonly mean: number = 0;
  private readonly scale: number = 1;
  private readonly reach: Reach = reachOf(undefined);
  private readonly power: PowerEncoding['power'] | undefined;
  private readonly calendar: CalendarInputs | undefined;
  /** The input that says whether a value is missing: none, or what it is for a value and for a gap. */
  private readonly indicates: boolean = false;
  private readonly present: number = 0;
  private readonly absent: number = 0;
  /** `[levels + 2, inputs]`: the levels, a new one, and a missing value. */
  private readonly table: Float32Array = new Float32Array(0);
  private readonly levels: number = 0;
  /** Views of the rows of a table of long rows. */
  private readonly rows: readonly Float32Array[] = [];

  constructor(column: EncodedColumn) {
    const { encoding } = column;
    this.column = column;
    this.inputs = inputsOf(encoding);
    switch (encoding.method) {
      case 'one_hot':
      case 'target':
        this.kind = 'table';
        this.table = encoding.method === 'one_hot' ? oneHotTable(encoding) : targetTable(encoding);
        this.levels = this.table.length / this.inputs - 2;
        if (this.inputs > LONG) {
          this.rows = Array.from({ length: this.levels + 2 }, (_, level) =>
            this.table.subarray(level * this.inputs, (level + 1) * this.inputs),
          );
        }
        return;
      case 'calendar':
        this.kind = 'calendar';
        this.mean = encoding.trend.mean;
        this.scale = encoding.trend.scale;
        if (column.type === 'timestamp') this.calendar = new CalendarInputs(column, encoding);
        break;
      case 'power':
        this.kind = 'power';
        this.power = encoding.power;
        this.reach = reachOf(encoding.range);
        this.mean = encoding.mean;
        this.scale = encoding.scale;
        break;
      case 'standard':
        this.kind = 'number';
        this.reach = reachOf(encoding.range);
        this.mean = encoding.mean;
        this.scale = encoding.scale;
    }
    if (encoding.gaps > 0) {
      // Its variance is the share of gaps, and that of the value, whose gaps are the mean, the share of the rest.
      const spread = encoding.gaps < 1 ? Math.sqrt(1 - encoding.gaps) : 1;
      this.indicates = true;
      this.present = -encoding.gaps / spread;
      this.absent = (1 - encoding.gaps) / spread;
    }
  }

  encode(code: number, to: Float32Array, at: number): void {
    switch (this.kind) {
      case 'number':
        to[at] = Number.isNaN(code) ? 0 : (bounded(code, this.reach) - this.mean) / this.scale;
        if (this.indicates) to[at + 1] = Number.isNaN(code) ? this.absent : this.present;
        return;
      case 'power':
        this.encodePower(code, to, at);
        return;
      case 'table': {
        const level = Number.isNaN(code)
          ? this.levels + 1
          : code >= 0 && code < this.levels
            ? Math.trunc(code)
            : this.levels;
        if (this.inputs > LONG) to.set(this.rows[level]!, at);
        else for (let i = 0, from = level * this.inputs; i < this.inputs; i++) to[at + i] = this.table[from + i]!;
        return;
      }
      case 'calendar': {
        const end = this.calendar!.encode(code, to, at);
        if (this.indicates) to[end] = Number.isNaN(code) ? this.absent : this.present;
      }
    }
  }

  private encodePower(raw: number, to: Float32Array, at: number): void {
    const { centre, width, lambda, mean, scale } = this.power!;
    const code = bounded(raw, this.reach);
    const missing = Number.isNaN(code);
    to[at] = missing ? 0 : (code - this.mean) / this.scale;
    to[at + 1] = missing ? 0 : (yeoJohnson((code - centre) / width, lambda) - mean) / scale;
    if (this.indicates) to[at + 2] = missing ? this.absent : this.present;
  }

  /** Returns the code that the inputs from index `at` on stand for. */
  restore(inputs: Float32Array, at: number): number {
    const { column } = this;
    const value = inputs[at]! * this.scale + this.mean;
    switch (this.kind) {
      case 'number':
      case 'power':
        return column.type === 'boolean' ? Number(value >= 0.5) : value;
      case 'table':
        return this.nearestLevel(inputs, at);
      case 'calendar':
        return Math.max(-MAX_CODE, Math.min(MAX_CODE, Math.round(value)));
    }
  }

  /** A level whose inputs are at the smallest distance. The first levels are the most frequent ones. */
  private nearestLevel(inputs: Float32Array, at: number): number {
    let best = 0;
    let smallest = Number.POSITIVE_INFINITY;
    for (let level = 0, from = 0; level < this.levels; level++) {
      let distance = 0;
      for (let i = 0; i < this.inputs; i++, from++) distance += (inputs[at + i]! - this.table[from]!) ** 2;
      if (distance < smallest) [best, smallest] = [level, distance];
    }
    return best;
  }
}

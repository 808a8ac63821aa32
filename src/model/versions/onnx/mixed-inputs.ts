import { UNIT_MS } from '../../columns/coding.js';
import { PERIOD_DAYS } from '../../columns/encoding/cycles.js';
import type { CalendarEncoding, EncodedColumn, PowerEncoding } from '../../columns/encoding/encoding.js';
import { inputsOf } from '../../columns/encoding/encoding.js';
import { MixedEncoder } from '../../columns/encoding/mixed-encoder.js';
import { type Reach, reachOf } from '../../columns/encoding/reach.js';
import { DAY } from '../../columns/times.js';
import { ELEMENT, type Graph, valueInfo } from './graph.js';

/** The operators for texts. */
export const ML_DOMAIN = 'ai.onnx.ml';
export const ML_OPSET = 3;

/** What an int64 timestamp is where it is missing: the smallest integer. */
const NO_TIME = -(2n ** 63n);

/**
 * Adds the encoding of columns that are not all plain numbers: an input `[rows, 1]` for each column, by `prefix` and its name, and the network's
 * inputs `[rows, inputs]`, whose name is returned. A number or a boolean is float32, NaN where it is missing; a category is a
 * text, '' where it is missing; a timestamp is int64, milliseconds since 1970 in UTC, the smallest integer where it is missing.
 *
 * It computes in float64, as the service does.
 */
export function addMixedInputs(
  graph: Graph,
  columns: readonly EncodedColumn[],
  prefix = '',
): { inputs: object[]; encoded: string } {
  const encoder = new MixedEncoder(columns);
  const parts = columns.map((column, j) => {
    const at = columns.slice(0, j).reduce((sum, { encoding }) => sum + inputsOf(encoding), 0);
    const encodedAs = (code: number): Float32Array => {
      const codes = new Float32Array(columns.length);
      codes[j] = code;
      const inputs = new Float32Array(encoder.inputs);
      encoder.encode(codes, inputs, 1);
      return inputs.subarray(at, at + inputsOf(column.encoding));
    };
    return new ColumnGraph(graph, column, prefix + column.name, `column_${j}`, encodedAs).encode();
  });
  return {
    inputs: columns.map((column) => inputOf(column, prefix + column.name)),
    encoded: graph.apply('Concat', parts, 'encoded', { axis: 1n }),
  };
}

function inputOf(column: EncodedColumn, name: string): object {
  switch (column.type) {
    case 'category':
      return valueInfo(name, 1, 'a text; empty where it is missing', 'string');
    case 'timestamp':
      return valueInfo(name, 1, `milliseconds since 1970, UTC; ${NO_TIME} where it is missing`, 'int64');
    case 'boolean':
      return valueInfo(name, 1, '1 or 0; NaN where it is missing');
    case 'number':
      return valueInfo(name, 1, 'raw units; NaN where it is missing');
  }
}

/** Adds the nodes that encode one column. */
class ColumnGraph {
  private readonly graph: Graph;
  private readonly column: EncodedColumn;
  private readonly input: string;
  /** Begins the names of what is added. */
  private readonly prefix: string;
  /** Returns the inputs of this column for a code. */
  private readonly encodedAs: (code: number) => Float32Array;

  constructor(
    graph: Graph,
    column: EncodedColumn,
    input: string,
    prefix: string,
    encodedAs: (code: number) => Float32Array,
  ) {
    this.graph = graph;
    this.column = column;
    this.input = input;
    this.prefix = prefix;
    this.encodedAs = encodedAs;
  }

  /** Returns the name of the inputs `[rows, inputs of the column]`. */
  encode(): string {
    const { column } = this;
    if (column.type === 'category') return this.fromTable(column.levels);
    return column.type === 'timestamp'
      ? this.fromTime(column.origin, UNIT_MS[column.unit], column.encoding)
      : this.fromNumber();
  }

  /** Looks up the inputs of each level, of a new one, and of a missing value. */
  private fromTable(levels: readonly string[]): string {
    const rows = [...levels.keys(), levels.length, Number.NaN].map((code) => this.encodedAs(code));
    const width = rows[0]!.length;
    const table = this.graph.floats(
      this.name('table'),
      [rows.length, width],
      rows.flatMap((row) => Array.from(row)),
    );
    const index = this.apply(
      'LabelEncoder',
      [this.input],
      'index',
      {
        keys_strings: [...levels, ''],
        values_int64s: [...levels.keys(), levels.length + 1].map(BigInt),
        default_int64: BigInt(levels.length),
      },
      ML_DOMAIN,
    );
    const axis = this.graph.integers(this.name('last'), [1], [1n]);
    return this.apply('Gather', [table, this.apply('Squeeze', [index, axis], 'flat')], 'inputs');
  }

  private fromNumber(): string {
    const { encoding, name } = this.column;
    const raw = this.apply('Cast', [this.input], 'value', { to: BigInt(ELEMENT.double) });
    if (encoding.method !== 'standard' && encoding.method !== 'power') throw new Error(`${name}: ${encoding.method}`);
    const value = encoding.range ? this.bounded(raw, reachOf(encoding.range)) : raw;
    const inputs = [this.scaled(value, encoding.mean, encoding.scale, 'scaled')];
    if (encoding.method === 'power') {
      const { mean, scale } = encoding.power;
      inputs.push(this.scaled(this.power(value, encoding.power), mean, scale, 'power'));
    }
    return this.withGaps(inputs, this.apply('IsNaN', [this.input], 'missing'), encoding.gaps);
  }

  private bounded(value: string, { low, high, below, above }: Reach): string {
    const within = this.binary('Max', this.binary('Min', value, high, 'to_high'), low, 'within');
    const beyond = [this.binary('Greater', value, above, 'is_above'), this.binary('Less', value, below, 'is_below')];
    return this.apply('Where', [this.apply('Or', beyond, 'is_no_measurement'), value, within], 'bounded');
  }

  /** Of Yeo and Johnson: one of both sides is 0. */
  private power(value: string, { centre, width, lambda }: PowerEncoding['power']): string {
    const x = this.binary('Div', this.binary('Sub', value, centre, 'centred'), width, 'relative');
    const above = this.boxCox(this.apply('Relu', [x], 'above'), lambda, 'above');
    const below = this.boxCox(this.apply('Relu', [this.apply('Neg', [x], 'negative')], 'below'), 2 - lambda, 'below');
    return this.apply('Sub', [above, below], 'transformed');
  }

  private boxCox(x: string, power: number, name: string): string {
    const log = this.apply('Log', [this.binary('Add', x, 1, `${name}_from_1`)], `${name}_log`);
    if (power === 0) return log;
    const raised = this.apply('Exp', [this.binary('Mul', log, power, `${name}_exponent`)], `${name}_raised`);
    return this.binary('Div', this.binary('Sub', raised, 1, `${name}_less`), power, `${name}_power`);
  }

  private fromTime(origin: number, unit: number, { trend, cycles, gaps }: CalendarEncoding): string {
    const time = this.apply('Cast', [this.input], 'time', { to: BigInt(ELEMENT.double) });
    const units = this.binary('Div', this.binary('Sub', time, origin, 'since_origin'), unit, 'units');
    const code = this.apply('Floor', [units], 'code');
    const whole = this.binary('Add', this.binary('Mul', code, unit, 'whole'), origin, 'instant');
    const days = this.binary('Div', whole, DAY, 'days');
    const inputs = [this.scaled(this.within(code, trend), trend.mean, trend.scale, 'trend')];
    for (const { period, sin, cos, scale } of cycles) {
      const position =
        period === 'day'
          ? days
          : this.binary('Div', this.apply('Floor', [days], `${period}_day`), PERIOD_DAYS[period], `${period}_position`);
      const turn = this.apply('Sub', [position, this.apply('Floor', [position], `${period}_turns`)], `${period}_turn`);
      const angle = this.float(this.binary('Mul', turn, 2 * Math.PI, `${period}_angle`), `${period}_angle_float`);
      for (const [op, mean] of [
        ['Sin', sin],
        ['Cos', cos],
      ] as const) {
        const wave = this.apply('Cast', [this.apply(op, [angle], `${period}_${op}`)], `${period}_${op}_double`, {
          to: BigInt(ELEMENT.double),
        });
        inputs.push(this.scaled(wave, mean, scale, `${period}_${op}_scaled`));
      }
    }
    const none = this.graph.integers(this.name('no_time'), [], [NO_TIME]);
    return this.withGaps(inputs, this.apply('Equal', [this.input, none], 'missing'), gaps);
  }

  /** Moves codes beyond the range of a trend into it. */
  private within(code: string, { range, period }: CalendarEncoding['trend']): string {
    if (!range) return code;
    const [first, last] = range;
    const moved =
      period === undefined ? code : this.apply('Sub', [code, this.years(code, first, last, period)], 'moved');
    return this.binary('Min', this.binary('Max', moved, first, 'from_first'), last, 'to_last');
  }

  /** Whole years, in codes, by which codes lie after the last one, or, below 0, before the first one. */
  private years(code: string, first: number, last: number, period: number): string {
    const late = this.binary('Sub', code, last, 'after');
    const early = this.apply('Neg', [this.binary('Sub', code, first, 'since_first')], 'before');
    const [after, before] = [late, early].map((distance, i) => {
      const periods = this.binary('Div', this.binary('Max', distance, 0, `distance_${i}`), period, `years_${i}`);
      return this.apply('Ceil', [periods], `whole_years_${i}`);
    });
    return this.binary('Mul', this.apply('Sub', [after!, before!], 'whole_years'), period, 'shift');
  }

  /** Puts 0, the mean, where a value is missing, and adds the input that says whether it is. */
  private withGaps(inputs: readonly string[], missing: string, gaps: number): string {
    const zero = this.graph.floats(this.name('zero'), [], [0]);
    const filled = inputs.map((input, i) =>
      this.apply('Where', [missing, zero, this.float(input, `float_${i}`)], `filled_${i}`),
    );
    if (gaps > 0) {
      const absent = this.graph.floats(this.name('absent'), [], [this.encodedAs(Number.NaN).at(-1)!]);
      const present = this.graph.floats(this.name('present'), [], [this.encodedAs(0).at(-1)!]);
      filled.push(this.apply('Where', [missing, absent, present], 'gap'));
    }
    return filled.length === 1 ? filled[0]! : this.apply('Concat', filled, 'inputs', { axis: 1n });
  }

  /** `(value - mean) / scale` */
  private scaled(value: string, mean: number, scale: number, name: string): string {
    return this.binary('Div', this.binary('Sub', value, mean, `${name}_centred`), scale, name);
  }

  private float(value: string, name: string): string {
    return this.apply('Cast', [value], name, { to: BigInt(ELEMENT.float) });
  }

  /** Applies an operator to a float64 tensor and a constant. */
  private binary(op: string, value: string, constant: number, name: string): string {
    return this.apply(op, [value, this.graph.double(this.name(`${name}_by`), constant)], name);
  }

  private apply(op: string, inputs: readonly string[], name: string, attributes: object = {}, domain = ''): string {
    return this.graph.apply(op, inputs, this.name(name), attributes, domain);
  }

  private name(name: string): string {
    return `${this.prefix}/${name}`;
  }
}

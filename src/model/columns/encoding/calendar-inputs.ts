import { UNIT_MS } from '../coding.js';
import type { TimestampColumn } from '../column.js';
import { DAY } from '../times.js';
import { PERIOD_DAYS } from './cycles.js';
import type { CalendarEncoding } from './encoding.js';

/** Minutes of a day, each of which has a place in the memory of its angle. */
const MINUTES = 1440;
/** Days that are remembered: those of three years. The number is a power of two. */
const DAYS = 1024;

/** Makes inputs of times: a trend, then the sine and the cosine of each cycle. The number of the day is computed once for all of them. */
export class CalendarInputs {
  private readonly origin: number;
  private readonly unit: number;
  private readonly mean: number;
  private readonly scale: number;
  /** Codes beyond have the trend of these. */
  private readonly first: number = Number.NEGATIVE_INFINITY;
  private readonly last: number = Number.POSITIVE_INFINITY;
  /** Codes of a year by which codes beyond are first moved; undefined if they are not. */
  private readonly period: number | undefined;
  private readonly cycles: readonly Cycle[];

  constructor({ origin, unit }: TimestampColumn, { trend, cycles }: CalendarEncoding) {
    this.origin = origin;
    this.unit = UNIT_MS[unit];
    this.mean = trend.mean;
    this.scale = trend.scale;
    if (trend.range) [this.first, this.last] = trend.range;
    this.period = trend.period;
    this.cycles = cycles.map((cycle) => new Cycle(cycle));
  }

  /** Writes the inputs of a code from index `at` on. Returns the index after them. A gap is the average row. */
  encode(code: number, to: Float32Array, at: number): number {
    const { cycles } = this;
    const end = at + 1 + 2 * cycles.length;
    if (Number.isNaN(code)) {
      for (let i = at; i < end; i++) to[i] = 0;
      return end;
    }
    to[at] = (this.known(code) - this.mean) / this.scale;
    const days = (this.origin + code * this.unit) / DAY;
    const day = Math.floor(days);
    for (let i = 0, next = at + 1; i < cycles.length; i++, next += 2) cycles[i]!.encode(day, days - day, to, next);
    return end;
  }

  /** Returns the code whose trend a code has. */
  private known(code: number): number {
    const { first, last, period } = this;
    if (code >= first && code <= last) return code;
    const years = (distance: number) => (period === undefined ? 0 : period * Math.ceil(Math.max(0, distance) / period));
    return Math.min(last, Math.max(first, code + years(first - code) - years(code - last)));
  }
}

/** The sine and the cosine of a cycle's angle. Sines take long, and rows have the same days and minutes again and again. */
class Cycle {
  private readonly period: CalendarEncoding['cycles'][number]['period'];
  private readonly sin: number;
  private readonly cos: number;
  private readonly scale: number;
  /** What the inputs at each place are those of: a day, or the part of a day that is over. */
  private readonly known: Float64Array;
  /** `[places, 2]` */
  private readonly inputs: Float32Array;

  constructor({ period, sin, cos, scale }: CalendarEncoding['cycles'][number]) {
    this.period = period;
    this.sin = sin;
    this.cos = cos;
    this.scale = scale;
    const places = period === 'day' ? MINUTES : period === 'week' ? PERIOD_DAYS.week : DAYS;
    this.known = new Float64Array(places).fill(Number.NaN);
    this.inputs = new Float32Array(2 * places);
  }

  /** Writes the inputs of a day since 1970, and of the part of it that is over, `[0, 1)`. */
  encode(day: number, part: number, to: Float32Array, at: number): void {
    let place: number;
    let key: number;
    if (this.period === 'day') {
      key = part;
      place = Math.floor(part * MINUTES);
    } else if (this.period === 'week') {
      key = day % 7;
      if (key < 0) key += 7;
      place = key;
    } else {
      key = day;
      place = day & (DAYS - 1);
    }
    if (this.known[place] !== key) this.remember(place, key, day, part);
    to[at] = this.inputs[2 * place]!;
    to[at + 1] = this.inputs[2 * place + 1]!;
  }

  private remember(place: number, key: number, day: number, part: number): void {
    const turns = this.period === 'day' ? part : (this.period === 'week' ? key : day) / PERIOD_DAYS[this.period];
    const angle = 2 * Math.PI * (turns - Math.floor(turns));
    this.known[place] = key;
    this.inputs[2 * place] = (Math.sin(angle) - this.sin) / this.scale;
    this.inputs[2 * place + 1] = (Math.cos(angle) - this.cos) / this.scale;
  }
}

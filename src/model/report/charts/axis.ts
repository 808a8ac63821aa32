import { roundTicks } from '../../../base/statistics/round-numbers.js';
import { figure } from '../../../base/text/figures.js';

/** Places values along an axis. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  /** Round values to label, within the axis. */
  readonly ticks: readonly number[];
  /** Returns the label of a tick. */
  readonly text: (tick: number) => string;
  /** Returns where a value is: 0 at `low`, 1 at `high`. */
  place(value: number): number;
}

const MAX_TICKS = 5;

/** Milliseconds of a span whose dates need days. */
const SHORT_SPAN = 200 * 86_400_000;

/** An axis on which equal differences are equally long. */
export function linearAxis(low: number, high: number): Axis {
  const [from, to] = high > low ? [low, high] : [low - (Math.abs(low) || 1) / 2, low + (Math.abs(low) || 1) / 2];
  return axis(from, to, roundTicks(from, to, MAX_TICKS), (value) => value);
}

/** An axis of times, in milliseconds since 1970. */
export function timeAxis(low: number, high: number): Axis {
  const linear = linearAxis(low, high);
  const ticks = [0, 1, 2, 3].map((i) => low + (i * (high - low)) / 3.2);
  const length = high - low < SHORT_SPAN ? 10 : 7;
  return { ...linear, ticks, text: (tick) => new Date(tick).toISOString().slice(0, length) };
}

/** An axis on which equal ratios are equally long. Both ends are above 0. */
export function logAxis(low: number, high: number): Axis {
  const [from, to] = high > low ? [low, high] : [low / 2, low * 2];
  const powers = Array.from(
    { length: Math.floor(Math.log10(to)) - Math.floor(Math.log10(from)) + 1 },
    (_, i) => Math.floor(Math.log10(from)) + i,
  );
  const digits = powers.length > 3 ? [1] : powers.length > 1 ? [1, 3] : [1, 2, 5];
  const ticks = powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
  const inside = ticks.filter((tick) => tick >= from && tick <= to);
  return axis(from, to, inside.length > 1 ? inside : roundTicks(from, to, 3), Math.log);
}

/** An axis of `log(1 + value)`. Labels are chosen of the given values, so that they do not touch each other. */
export function log1pAxis(low: number, high: number, values: readonly number[]): Axis {
  const all = axis(low, high, values, Math.log1p);
  const ticks: number[] = [];
  for (const value of values) {
    const last = ticks.at(-1);
    if (last === undefined || all.place(value) - all.place(last) > 1 / (MAX_TICKS + 1)) ticks.push(value);
  }
  return { ...all, ticks };
}

function axis(low: number, high: number, ticks: readonly number[], scale: (value: number) => number): Axis {
  const [from, to] = [scale(low), scale(high)];
  return { low, high, ticks, text: tickText, place: (value) => (scale(value) - from) / (to - from || 1) };
}

function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e15) {
    const [divisor, unit] =
      size >= 1e12 ? [1e12, 'T'] : size >= 1e9 ? [1e9, 'B'] : size >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
    return `${figure(value / divisor)}${unit}`;
  }
  return figure(value);
}

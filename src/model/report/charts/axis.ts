import { roundTicks } from '../../../base/statistics/round-numbers.js';

/** Places values along an axis. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  /** Round values to label, within the axis. */
  readonly ticks: readonly number[];
  /** Returns where a value is: 0 at `low`, 1 at `high`. */
  place(value: number): number;
}

const MAX_TICKS = 5;

/** An axis on which equal differences are equally long. */
export function linearAxis(low: number, high: number): Axis {
  const [from, to] = high > low ? [low, high] : [low - (Math.abs(low) || 1) / 2, low + (Math.abs(low) || 1) / 2];
  return axis(from, to, roundTicks(from, to, MAX_TICKS), (value) => value);
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
  return { low, high, ticks, place: (value) => (scale(value) - from) / (to - from || 1) };
}

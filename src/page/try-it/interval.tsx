import { rankOf } from '../../model/intervals/level.js';
import type { Model } from '../client/api.js';
import { counted, figure, percent } from '../parts/format.js';

const LEVELS = [0.5, 0.8, 0.9, 0.95, 0.99] as const;
const DEFAULT_LEVEL = 0.9;
/** Standard deviations of the training's target on each side of its mean that the axis shows at least. */
const SPAN = 2;

/** Returns the levels that a version has enough calibration rows for; none for a version without intervals. */
export function levelsOf({ intervals }: Model): number[] {
  return intervals ? LEVELS.filter((level) => rankOf(level, intervals.rows) <= intervals.rows) : [];
}

/** Returns the level to ask for: the chosen one, or the highest below it that the version has; undefined if it has none. */
export function levelOf(model: Model, chosen: number = DEFAULT_LEVEL): number | undefined {
  return levelsOf(model).findLast((level) => level <= chosen);
}

export interface IntervalProps {
  readonly model: Model;
  /** Of the target. */
  readonly index: number;
  readonly prediction: number;
  readonly bounds: readonly [low: number, high: number];
  readonly level: number;
}

/** An interval in words, and as a bar with the prediction as a mark, on an axis around the mean of the training. */
export function Interval({ model, index, prediction, bounds: [low, high], level }: IntervalProps) {
  const { mean, scale } = model.scalers.targets;
  const [middle, reach] = [mean[index]!, SPAN * scale[index]!];
  const from = Math.min(low, middle - reach);
  const to = Math.max(high, middle + reach);
  /** Percent of the axis. */
  const place = (value: number) => (to > from ? (100 * (value - from)) / (to - from) : 50);
  return (
    <dd class="interval">
      {percent(level)} interval: {figure(low, 4)} to {figure(high, 4)}
      <span class="bar" aria-hidden="true">
        <i style={{ left: `${place(low)}%`, width: `${place(high) - place(low)}%` }} />
        <b style={{ left: `${place(prediction)}%` }} />
        <em style={{ left: `${place(middle)}%` }} />
      </span>
      <small class="ends" aria-hidden="true">
        <span>{figure(from, 3)}</span>
        <span>{figure(to, 3)}</span>
      </small>
    </dd>
  );
}

/** What the intervals promise, or why there are none. */
export function IntervalNote({ model: { intervals }, level }: { model: Model; level: number | undefined }) {
  if (!intervals) {
    return (
      <p class="note">
        No prediction intervals: this version was trained by an earlier release, which made none. Train again to get
        them.
      </p>
    );
  }
  if (level === undefined) return null;
  return (
    <p class="note">
      Of rows like those of the training, {percent(level)} of the true values lie in such an interval, by{' '}
      {counted(intervals.rows, 'calibration row')}. The thin line is the mean of the training.
    </p>
  );
}

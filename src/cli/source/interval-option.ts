import { InvalidArgumentError, Option } from 'commander';
import { DomainError } from '../../base/domain-error.js';
import type { Bounded, Bounds } from '../../model/intervals/intervals.js';
import { LEVELS, readLevel } from '../../model/intervals/level.js';
import type { OpenModel } from './model-source.js';

export function intervalOption(): Option {
  return new Option(
    '--interval <level>',
    'add an interval to each prediction that covers this share of true values, such as 0.9: columns <target>_low and <target>_high',
  ).argParser(parseLevel);
}

/** Returns the bounds of predictions, `[rows, targets]`; undefined if none are asked for. */
export type Bounder = (prediction: Bounded, rows: number) => Bounds | undefined;

/** Returns what bounds the predictions of a model. Throws `INTERVALS_UNAVAILABLE`, and `LEVEL_UNAVAILABLE`. */
export function bounderOf({ label, intervals }: OpenModel, level: number | undefined): Bounder {
  if (level === undefined) return () => undefined;
  if (!intervals) {
    throw new DomainError(
      'INTERVALS_UNAVAILABLE',
      `${label} has no prediction intervals: an earlier release trained it; train again, or leave --interval out`,
    );
  }
  intervals.require(level);
  return (prediction, rows) => intervals.bounds(level, prediction, rows);
}

function parseLevel(text: string): number {
  const level = readLevel(text);
  if (level !== undefined) return level;
  throw new InvalidArgumentError(`Expected ${LEVELS}.`);
}

import { InvalidArgumentError, Option } from 'commander';
import { DomainError } from '../../base/domain-error.js';
import { isLevel, LEVELS } from '../../model/intervals/level.js';
import type { LevelOf } from '../../model/intervals/predict-within.js';
import type { OpenModel } from './model-source.js';

export function intervalOption(): Option {
  return new Option(
    '--interval <level>',
    'add an interval to each prediction that covers this share of true values, such as 0.9: columns <target>_low and <target>_high',
  ).argParser(readLevel);
}

/** Returns the intervals of a model, if a level is asked for. Throws `INTERVALS_UNAVAILABLE`, and `LEVEL_UNAVAILABLE`. */
export function intervalsOf({ label, intervals }: OpenModel, level: number | undefined): LevelOf | undefined {
  if (level === undefined) return undefined;
  if (!intervals) {
    throw new DomainError(
      'INTERVALS_UNAVAILABLE',
      `${label} has no prediction intervals: an earlier release trained it; train again, or leave --interval out`,
    );
  }
  intervals.require(level);
  return { intervals, level };
}

function readLevel(text: string): number {
  const level = text.trim() === '' ? Number.NaN : Number(text);
  if (isLevel(level)) return level;
  throw new InvalidArgumentError(`Expected ${LEVELS}.`);
}

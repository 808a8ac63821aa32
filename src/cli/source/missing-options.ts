import { Option } from 'commander';
import type { ModelOptions } from './model-options.js';
import { settings } from './settings.js';

/** What a command does with a missing value that the training never had. */
export interface MissingOptions {
  readonly onMissing?: 'refuse' | 'mean';
}

export function onMissingOption(): Option {
  return new Option(
    '--on-missing <what>',
    'a missing value that the training never had: refuse the row, or take the mean (default: ON_MISSING, or "refuse")',
  ).choices(['refuse', 'mean']);
}

/** Returns whether the mean stands for such a value, by the option or else by the setting. */
export function allowsMissing(options: ModelOptions & MissingOptions): boolean {
  return (options.onMissing ?? settings(options).ON_MISSING) === 'mean';
}

import { Value } from 'typebox/value';
import { DomainError } from '../../base/domain-error.js';
import type { Scalers } from '../network/predictor.js';
import { Intervals } from './intervals.js';
import { IntervalsFile } from './intervals-file.js';

/**
 * Reads `intervals.json` of a version with these scalers. Throws `INVALID_VERSION` with the place in the file if it does not fit the
 * model.
 */
export function readIntervals(json: string, scalers: Scalers): Intervals {
  const file = parsed(json);
  const width = scalers.targets.mean.length;
  if (file.targets.length !== width) throw invalid(`/targets: expected ${width}, got ${file.targets.length}`);
  for (const [j, { scores, difficulty }] of file.targets.entries()) {
    if (difficulty && difficulty.range[0] > difficulty.range[1]) {
      throw invalid(`/targets/${j}/difficulty/range: expected an ascending order`);
    }
    if (scores.length !== file.targets[0]!.scores.length || scores.length > file.rows) {
      throw invalid(`/targets/${j}/scores: expected as many for each target, and at most ${file.rows}`);
    }
    if (scores.some((score, i) => i > 0 && score < scores[i - 1]!)) {
      throw invalid(`/targets/${j}/scores: expected an ascending order`);
    }
  }
  return new Intervals(file, scalers);
}

function parsed(json: string): IntervalsFile {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid(': not JSON', cause);
  }
  if (Value.Check(IntervalsFile, value)) return value;
  const [first] = Value.Errors(IntervalsFile, value);
  throw invalid(`${first?.instancePath ?? ''}: ${first?.message ?? 'invalid'}`);
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_VERSION', `intervals.json${message}`, { cause });
}

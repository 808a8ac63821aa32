import { DomainError } from '../../base/domain-error.js';
import { checkColumns } from '../tables/columns.js';
import type { Card } from './card.js';
import { MAX_HISTORY } from './history.js';
import type { Probe } from './probe.js';
import { MAX_CARD_TRIALS } from './search.js';

/** Maximum bytes of `card.json`, which is parsed at every request for it. */
export const MAX_CARD_BYTES = 2 ** 20;

/** Maximum bytes of the other files that are parsed whole. This program writes at most half of that. */
const MAX_JSON_BYTES = 2 ** 22;

/**
 * Maximum bytes of `baseline.json` for a number of columns: of a baseline with samples alone, and for each column and each pair of
 * columns.
 */
const BASELINE_BYTES = 2 ** 21;
const BASELINE_BYTES_PER_COLUMN = 2 ** 15;
const BASELINE_BYTES_PER_PAIR = 32;

/** Maximum bytes of `evaluation.json`. This program writes at most half of that. */
const MAX_EVALUATION_BYTES = 2 ** 19;

/** Maximum rows of a probe. This program writes 16. */
const MAX_PROBE_ROWS = 64;

/** Throws `TOO_LARGE` if a file of JSON is longer than one of this program, and too long to be parsed whole. */
export function checkFileSizes(files: ReadonlyMap<string, Uint8Array>): void {
  checkFileSize(files, 'card.json', MAX_CARD_BYTES);
  checkFileSize(files, 'model.json', MAX_JSON_BYTES);
  checkFileSize(files, 'probe.json', MAX_JSON_BYTES);
  checkFileSize(files, 'intervals.json', MAX_JSON_BYTES);
  checkFileSize(files, 'evaluation.json', MAX_EVALUATION_BYTES);
}

/** Throws `TOO_LARGE` if the baseline is larger than one of as many columns can be. */
export function checkBaselineSize(files: ReadonlyMap<string, Uint8Array>, { features, targets }: Card): void {
  const columns = features.length + targets.length;
  const max = BASELINE_BYTES + BASELINE_BYTES_PER_COLUMN * columns + BASELINE_BYTES_PER_PAIR * columns ** 2;
  checkFileSize(files, 'baseline.json', max);
}

function checkFileSize(files: ReadonlyMap<string, Uint8Array>, name: string, max: number): void {
  const bytes = files.get(name)?.byteLength ?? 0;
  if (bytes > max) throw tooLarge(`${name}: expected at most ${max} bytes, got ${bytes}`);
}

/** Throws `TOO_LARGE` or `UNKNOWN_COLUMN` if a version has longer parts than this program writes. */
export function checkVersionBounds({ features, targets, history, search }: Card, probe: Probe): void {
  checkColumns([...features, ...targets]);
  const trials = search?.trials.length ?? 0;
  if (trials > MAX_CARD_TRIALS) {
    throw tooLarge(`card.json/search: expected at most ${MAX_CARD_TRIALS} trials, got ${trials}`);
  }
  if (history.length > MAX_HISTORY) {
    throw tooLarge(`card.json/history: expected at most ${MAX_HISTORY} epochs, got ${history.length}`);
  }
  const rows = probe.errors.length;
  if (rows > MAX_PROBE_ROWS) throw tooLarge(`probe.json: expected at most ${MAX_PROBE_ROWS} rows, got ${rows}`);
}

function tooLarge(message: string): DomainError {
  return new DomainError('TOO_LARGE', message);
}

import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError, show } from '../../base/domain-error.js';
import { Evaluation, MIN_COUNT } from './evaluation.js';

type Histogram = Static<typeof Evaluation>['targets'][number]['residuals'];

/**
 * Parses an evaluation, of which no part need be honest, of a version with these targets. Throws `INVALID_VERSION` with the place in
 * the file.
 */
export function readEvaluation(json: string, targetNames: readonly string[]): Evaluation {
  const value = parse(json);
  if (!Value.Check(Evaluation, value)) {
    const [first] = Value.Errors(Evaluation, value);
    throw invalid(`${first?.instancePath ?? ''}: ${first?.message ?? 'invalid'}`);
  }
  const known = new Set(targetNames);
  value.targets.forEach((target, j) => {
    const { name, intervals, predicted_true, residuals, groups } = target;
    const place = `/targets/${j}`;
    if (!known.delete(name)) throw invalid(`${place}/name: expected each target once, got ${show(name)}`);
    for (const [measure, interval] of Object.entries(intervals)) {
      if (interval && !(interval[0]! <= interval[1]!))
        throw invalid(`${place}/intervals/${measure}: expected low ≤ high`);
    }
    const bins = predicted_true.edges.length - 1;
    checkHistogram(predicted_true, bins ** 2, value.rows, `${place}/predicted_true`);
    checkHistogram(residuals, residuals.edges.length - 1, value.rows, `${place}/residuals`);
    const grouped = groups.reduce((sum, { rows }) => sum + rows, 0);
    if (grouped > value.rows) throw invalid(`${place}/groups: expected at most ${value.rows} rows, got ${grouped}`);
  });
  return value;
}

function checkHistogram({ edges, counts, hidden }: Histogram, bins: number, rows: number, place: string): void {
  if (edges.some((edge, i) => i > 0 && !(edge > edges[i - 1]!)))
    throw invalid(`${place}/edges: expected ascending ones`);
  if (counts.length !== bins) throw invalid(`${place}/counts: expected ${bins}, got ${counts.length}`);
  if (counts.some((count) => count > 0 && count < MIN_COUNT)) {
    throw invalid(`${place}/counts: expected 0 or at least ${MIN_COUNT}`);
  }
  const total = counts.reduce((sum, count) => sum + count, hidden);
  if (total > rows) throw invalid(`${place}/counts: expected at most ${rows} rows, got ${total}`);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw invalid(': not JSON', cause);
  }
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_VERSION', `evaluation.json${message}`, { cause });
}

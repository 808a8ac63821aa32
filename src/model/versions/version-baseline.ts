import { DomainError } from '../../base/domain-error.js';
import type { Baseline } from '../baseline/baseline.js';
import { columnNames, isCycle } from '../baseline/features/watched.js';
import { readBaseline } from '../baseline/read-baseline.js';
import { listed } from '../tables/rows.js';
import type { Card } from './card.js';

/**
 * Reads a baseline of a version, and checks that its columns are the card's, with their types: rows are read by position. Throws
 * `INVALID_BASELINE`.
 */
export function readBaselineOf({ features, targets, columns }: Card, json: string): Baseline {
  const baseline = readBaseline(json);
  for (const [place, found, expected] of [
    ['/features', columnNames(baseline.features), features],
    ['/outputs', baseline.outputs.map(({ name }) => name), targets],
  ] as const) {
    if (found.length !== expected.length || found.some((name, j) => name !== expected[j])) {
      throw invalid(`${place}: expected ${listed(expected)}, got ${listed(found)}`);
    }
  }
  const types = baseline.features
    .filter((feature) => !isCycle(feature))
    .map(({ watched }) => watched?.type ?? 'number');
  features.forEach((name, j) => {
    const expected = columns?.[j]?.type ?? 'number';
    if (types[j] !== expected) throw invalid(`/features: expected ${name} as ${expected}, got ${types[j]}`);
  });
  return baseline;
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_BASELINE', `baseline.json${message}`);
}

import { DomainError } from '../../../base/domain-error.js';
import type { TimeSlice } from '../../../base/node/time-slice.js';
import type { Contributions } from '../../../model/explanation/explainer.js';
import type { Observation, Serving } from './prediction-service.js';

/** Multiplications for the contributions of one request: about two minutes, for 100,000 rows of 8 columns. */
const MAX_COST = 2e12;
const DOUBLE_BYTES = Float64Array.BYTES_PER_ELEMENT;

/**
 * Returns the bytes that the contributions of `count` rows take. Throws `TOO_LARGE` if they would take so long that no client
 * waits for them.
 */
export function contributionBytes(count: number, { explainer, card: { features, targets } }: Serving): number {
  const max = Math.max(1, Math.floor(MAX_COST / explainer.cost));
  if (count > max) {
    const why = `contributions of ${features.length} features take long`;
    throw new DomainError('TOO_LARGE', `explain: expected at most ${max} rows, got ${count}: ${why}; send fewer rows`);
  }
  return count * DOUBLE_BYTES * targets.length * (features.length + 1);
}

/**
 * Returns the contributions of each row, `[rows]`, and yields to the event loop in between. The prediction's arrays must be the
 * caller's. Once the client has gone, the rows that are left have none.
 */
export async function contributionsOf(
  { prediction, count, serving }: Observation,
  slice: TimeSlice,
  hasGone: () => boolean,
): Promise<Contributions[]> {
  const { inputs, outputs } = prediction;
  const { length: width } = serving.card.targets;
  const all: Contributions[] = [];
  for (let row = 0; row < count && !hasGone(); row++) {
    const steps = serving.explainer.explain(inputs, row, outputs.subarray(row * width, (row + 1) * width));
    let step = steps.next();
    while (!step.done) {
      await slice.yieldIfOver();
      step = steps.next();
    }
    all.push(step.value);
  }
  return all;
}

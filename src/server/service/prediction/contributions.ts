import { DomainError } from '../../../base/domain-error.js';
import type { TimeSlice } from '../../../base/node/time-slice.js';
import type { Contributions } from '../../../model/explanation/explainer.js';
import type { Card } from '../../../model/versions/card.js';
import type { Observation, Serving } from './prediction-service.js';

/** Multiplications for the contributions of one request: some minutes, for more than 100,000 rows of 8 columns. */
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

/** The contributions of the rows of a request. One object a row would take eight times the memory of its numbers. */
export class RowContributions {
  /** `[rows, outputs, features]`. */
  private readonly values: Float64Array;
  /** `[rows, outputs]`. */
  private readonly standardErrors: Float64Array;
  /** `[outputs]`, the same for every row. */
  private baseValues: Float64Array = new Float64Array(0);
  /** Rows added so far. */
  count = 0;

  constructor(rows: number, { targets, features }: Pick<Card, 'targets' | 'features'>) {
    this.standardErrors = new Float64Array(rows * targets.length);
    this.values = new Float64Array(rows * targets.length * features.length);
  }

  add({ baseValues, values, standardErrors }: Contributions): void {
    this.baseValues = baseValues;
    this.values.set(values, this.count * values.length);
    this.standardErrors.set(standardErrors, this.count * standardErrors.length);
    this.count++;
  }

  /** Returns views of those of a row; undefined if it has not been added. */
  of(row: number): Contributions | undefined {
    if (row >= this.count) return undefined;
    const { baseValues, values, standardErrors } = this;
    const { length: outputs } = baseValues;
    const size = outputs * (values.length / standardErrors.length);
    return {
      baseValues,
      values: values.subarray(row * size, (row + 1) * size),
      standardErrors: standardErrors.subarray(row * outputs, (row + 1) * outputs),
    };
  }
}

/**
 * Returns the contributions of the rows, and yields to the event loop in between. The prediction's arrays must be the caller's. Once
 * the client has gone, the rows that are left have none.
 */
export async function contributionsOf(
  { prediction, count, serving }: Observation,
  slice: TimeSlice,
  hasGone: () => boolean,
): Promise<RowContributions> {
  const { inputs, outputs } = prediction;
  const { length: width } = serving.card.targets;
  const all = new RowContributions(count, serving.card);
  for (let row = 0; row < count && !hasGone(); row++) {
    const steps = serving.explainer.explain(inputs, row, outputs.subarray(row * width, (row + 1) * width));
    let step = steps.next();
    while (!step.done) {
      await slice.yieldIfOver();
      step = steps.next();
    }
    all.add(step.value);
  }
  return all;
}

import type { TestContext } from 'node:test';
import type { EncodedColumn } from '../../src/model/columns/encoding/encoding.js';
import { buildTestApp, publishUntrained, type TestApp, type TestOptions } from './test-app.js';

const SHARES = [0.25, 0.25, 0.25, 0.25];

/** A column of each type. Only `width` may be missing. */
export const MIXED_COLUMNS: readonly EncodedColumn[] = [
  {
    name: 'size',
    type: 'number',
    missing: 0,
    range: [0, 10],
    encoding: { method: 'standard', mean: 0, scale: 1, gaps: 0 },
  },
  {
    name: 'color',
    type: 'category',
    missing: 0,
    levels: ['red', 'green', 'blue'],
    counts: [50, 30, 20],
    encoding: { method: 'one_hot', places: [0, 1, 2], other: 3, gap: -1, shares: SHARES },
  },
  {
    name: 'new',
    type: 'boolean',
    missing: 0,
    labels: ['no', 'yes'],
    encoding: { method: 'standard', mean: 0, scale: 1, gaps: 0 },
  },
  {
    name: 'sold',
    type: 'timestamp',
    missing: 0,
    unit: 'day',
    origin: Date.UTC(2024, 0, 1),
    range: [0, 365],
    encoding: { method: 'calendar', trend: { mean: 0, scale: 1 }, cycles: [], gaps: 0 },
  },
  {
    name: 'width',
    type: 'number',
    missing: 0.25,
    range: [0, 10],
    encoding: { method: 'standard', mean: 1, scale: 2, gaps: 0.25 },
  },
];
export const MIXED_FEATURES = MIXED_COLUMNS.map(({ name }) => name);
/** Inputs of the network: one of a number, four of the category, and two of the number with gaps. */
const INPUTS = 9;

/** The application with a linear version of these columns, so that its numbers are the same on any machine. */
export async function buildMixedApp(t: TestContext, options: TestOptions = {}): Promise<TestApp> {
  const built = await buildTestApp(t, [], options);
  const out = [1, 1, 2, 3, 4, 8, 0.125, 1, -1, 0];
  const reconstruct = Array.from({ length: INPUTS + 1 }, (_, i) =>
    Array.from({ length: INPUTS }, (__, j) => Number(i === j)),
  );
  const network = { hidden: [], weights: Float32Array.from([...out, ...reconstruct.flat()]), columns: MIXED_COLUMNS };
  await built.loader.activate(await publishUntrained(built.store, MIXED_FEATURES, ['y'], 1, null, network));
  return built;
}

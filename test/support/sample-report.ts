import { createRandom } from '../../src/base/statistics/random.js';
import type { EncodedColumn } from '../../src/model/columns/encoding/encoding.js';
import { makeEvaluation } from '../../src/model/evaluation/make-evaluation.js';
import type { ReportInput } from '../../src/model/report/report-input.js';
import { NO_ANNOTATIONS } from '../../src/model/versions/annotations.js';
import { type Card, sealCard } from '../../src/model/versions/card.js';
import { sampleVersion } from './sample-version.js';

/** What the report of a small version is made of, with changes to its card. */
export function sampleReport(changes: Partial<Card> = {}, more: Partial<ReportInput> = {}): ReportInput {
  const { shape, scalers, card } = sampleVersion();
  const sealed = sealCard({
    schema: 1,
    ...card,
    scalers: { features: scalers.features, targets: scalers.targets },
    network: { hidden: [...shape.hidden], auxiliary_weight: shape.auxiliaryWeight },
    baseline: null,
    files: { 'weights.bin': { bytes: 100, sha256: 'w' } },
    ...changes,
  });
  return {
    name: 'test',
    version: 3,
    card: sealed,
    evaluation: null,
    annotations: NO_ANNOTATIONS,
    aliases: ['production'],
    isUpload: false,
    at: new Date('2025-06-01T12:00:00Z'),
    ...more,
  };
}

/** A card of these columns and targets, all plain numbers, that says nothing else of them. */
export function cardOf(features: readonly string[], targets: readonly string[]): Partial<Card> {
  const { metrics } = sampleVersion().card;
  const scaler = (names: readonly string[]) => ({ mean: names.map(() => 0), scale: names.map(() => 1) });
  return {
    features: [...features],
    targets: [...targets],
    scalers: { features: scaler(features), targets: scaler(targets) },
    metrics: { ...metrics, targets: Object.fromEntries(targets.map((name) => [name, metrics.targets['y']!])) },
  };
}

/** What matters of a card of the columns `city` and `size`, of which many more are left out. */
export const WHAT_MATTERS: Partial<Card> = {
  importance: {
    rmse: 2,
    rows: 100,
    repeats: 5,
    columns: ['size', 'city'].map((name, i) => ({ name, increase: 3 - i, deviation: 0.1, standard_error: 0.2 })),
    unlisted: 2,
  },
  partial_dependence: [
    { column: 'size', rows: 100, values: [1, 5, 9, null], predictions: [[10], [20], [30], [17]], unlisted: 0 },
    { column: 'city', rows: 100, values: ['Berlin', 'Paris'], predictions: [[10], [12]], unlisted: 3 },
    { column: 'day', rows: 100, values: ['2024-01-01', '2024-07-01', null], predictions: [[1], [2], [3]], unlisted: 0 },
  ],
  baselines: {
    mean: { targets: { y: { rmse: 10, mae: 8 } } },
    ridge: { rows: 8, targets: { y: { rmse: 6.5, mae: 4, penalty: 1 } } },
  },
  intervals: { rows: 40 },
  search: {
    state: 'finished',
    reason: 'trial 2 was better.',
    folds: 5,
    rungs: 2,
    rows: 80,
    threads: 2,
    seconds: 1.5,
    tried: 4,
    chosen: 2,
    trials: [1, 2].map((trial) => ({
      trial,
      options: {
        learning_rate: 0.001 * trial,
        batch_size: 32,
        epochs: 100,
        patience: 10,
        weight_decay: 0,
        auxiliary_weight: 0.05,
        hidden: [30, 30],
        target_transform: 'auto',
        members: 1,
        hinges: 0,
        capped: false,
      },
      state: 'finished',
      rung: 2,
      rows: 80,
      error: 0.5 / trial,
      standard_error: 0.01,
      seconds: 0.5,
    })),
  },
};

/** An evaluation of 200 rows for each of these targets. */
export function sampleEvaluation(targets: readonly string[], rows = 200): ReportInput['evaluation'] {
  const random = createRandom(3);
  const actual = Float32Array.from({ length: rows * targets.length }, () => 10 * random.normal());
  const outputs = actual.map((value) => value + random.normal());
  return makeEvaluation({ rows, targets: actual, outputs, errors: new Float32Array(rows) }, targets, undefined);
}

/** A column of each type. */
export const COLUMNS: readonly EncodedColumn[] = [
  {
    name: 'size',
    missing: 0.1,
    type: 'number',
    range: [1, 9],
    encoding: { method: 'standard', mean: 5, scale: 2, gaps: 0.1 },
  },
  {
    name: 'city',
    missing: 0,
    type: 'category',
    levels: ['Berlin', 'Paris'],
    counts: [3, 5],
    encoding: { method: 'one_hot', places: [0, 1], other: -1, gap: -1, shares: [0.4, 0.6] },
  },
  {
    name: 'open',
    missing: 0,
    type: 'boolean',
    labels: ['no', 'yes'],
    encoding: { method: 'standard', mean: 0.5, scale: 0.5, gaps: 0 },
  },
  {
    name: 'day',
    missing: 0,
    type: 'timestamp',
    unit: 'day',
    origin: Date.UTC(2024, 0, 1),
    range: [0, 366],
    encoding: { method: 'calendar', trend: { mean: 180, scale: 100 }, cycles: [], gaps: 0 },
  },
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import type { LabelledRows } from '../../../../src/model/tables/labelled-rows.js';
import { findOptions, trainingTable } from '../../../../src/model/training/search/find-options.js';
import { HalvingSearch } from '../../../../src/model/training/search/search.js';
import type { SearchTerms } from '../../../../src/model/training/search/search-terms.js';
import { shareTable } from '../../../../src/model/training/search/shared-table.js';
import { TrainingPool } from '../../../../src/model/training/search/training-pool.js';
import { contentHashes, splitRows } from '../../../../src/model/training/split.js';
import {
  DEFAULT_TRAINING,
  type TrainingOptions,
  trainingOptions,
} from '../../../../src/model/training/training-options.js';
import type { TrialReport } from '../../../../src/model/versions/search.js';
import { labelledRows } from '../../../support/labelled-rows.js';

const SHORT = trainingOptions({ epochs: 3, patience: 3 });

test('trials without a bound of the time give the same result whatever the number of threads', async () => {
  const data = labelledRows(150);
  const [one, three] = [await run(data, { trials: 5 }, { threads: 1 }), await run(data, { trials: 5 }, { threads: 3 })];
  const results = [one, three].map(({ search, chosen }) => ({
    chosen,
    reason: search.reason,
    trials: search.trials.map(({ seconds: _, ...trial }) => trial),
  }));
  assert.deepEqual(results[0], results[1]);
  assert.equal(one.search.tried, one.search.trials.length);
  assert.deepEqual(one.search.trials[0]!.options, {
    ...{ learning_rate: 0.001, batch_size: 32, epochs: 3, patience: 3, target_transform: 'auto' },
    ...{ weight_decay: 0, auxiliary_weight: 0.05, hidden: [30, 30, 30, 30, 30], members: 1 },
    ...{ hinges: 0, capped: false },
  });
  // What the client has set stays.
  assert.ok(one.search.trials.every(({ options }) => options.epochs === 3 && options.patience === 3));
});

test('fewer trials go on from rung to rung, the first among them, and every row is judged once in the end', async () => {
  const { search } = await run(labelledRows(120), { trials: 10 });
  assert.deepEqual([search.rungs, search.folds, search.state], [3, 5, 'finished']);
  const halved = search.trials.filter(({ options }) => options.members === 1);
  assert.equal(halved.length, 10);
  const reached = [1, 2, 3].map((rung) => halved.filter((trial) => trial.rung >= rung).length);
  assert.ok(reached[0] === 10 && reached[1]! <= 5 && reached[2]! <= 3, String(reached));
  assert.equal(search.trials[0]!.state, 'finished');
  for (const { state, rows } of halved) assert.equal(rows === 120, state === 'finished');
});

test('a better configuration is chosen only when it is shown to be better', async () => {
  // A learning rate that changes nothing: whatever learns is better.
  const fixed = ['epochs', 'patience', 'target_transform'];
  const options = { ...trainingOptions({ epochs: 30 }), learning_rate: 1e-9, fixed };
  const data = curvedRows(150);
  const { search, chosen } = await run(data, { trials: 3 }, { options });
  const [first, best] = [search.trials[0]!, search.trials[search.chosen! - 1]!];
  assert.notEqual(chosen.learning_rate, 1e-9);
  assert.ok(best.error! + best.standard_error! < first.error!, search.reason);
  // The same configuration is no better than itself.
  const same = { ...SHORT, fixed: [...fixed, 'learning_rate', 'batch_size'] };
  const kept = await run(data, { trials: 1 }, { options: same });
  assert.deepEqual([kept.chosen.learning_rate, kept.chosen.hidden], [0.001, [30, 30, 30, 30, 30]]);
});

test('a trial that diverges loses, and the search goes on', async () => {
  const { search, chosen } = await run(
    labelledRows(100),
    { trials: 3 },
    { options: { ...SHORT, learning_rate: 10, fixed: [] } },
  );
  assert.equal(search.trials[0]!.state, 'failed');
  assert.match(search.trials[0]!.message!, /diverged/);
  assert.notEqual(chosen.learning_rate, 10);
  assert.match(search.reason, /the first failed/);
});

test('the time bounds a search, and what has begun then is given up', async () => {
  const options = trainingOptions({ epochs: 100_000, patience: 100_000 });
  const started = performance.now();
  const { search, chosen } = await run(labelledRows(300), { trials: 1000, seconds: 0.3 }, { options });
  assert.ok(performance.now() - started < 20_000);
  assert.equal(search.state, 'finished');
  assert.equal(search.chosen, 1);
  assert.equal(chosen.learning_rate, 0.001);
});

test('a search whose time is over before it begins has the first trial alone', async () => {
  const { search, chosen } = await run(labelledRows(100), { trials: 10, seconds: 1e-6 });
  assert.deepEqual([search.chosen, chosen.learning_rate], [1, 0.001]);
  assert.match(search.reason, /time was too short/);
  assert.ok(search.trials.every(({ state }) => state === 'unfinished'));
});

test('a search that is stopped has the best so far', async () => {
  const stop = new AbortController();
  const options = trainingOptions({ epochs: 20, patience: 20 });
  const onTrial = ({ trial, rows }: TrialReport) => {
    if (trial === 5 && rows > 0) stop.abort();
  };
  const { search } = await run(
    labelledRows(200),
    { trials: 1000 },
    { options, onTrial, stop: stop.signal, threads: 1 },
  );
  assert.equal(search.state, 'stopped');
  assert.ok(search.trials.length >= 5 && search.trials.length < 20);
  assert.ok(search.chosen! <= 5);
});

test('a large table is split, and rungs train on more rows', async () => {
  const { search } = await run(labelledRows(6000), { trials: 4 }, { options: trainingOptions({ epochs: 1 }) });
  assert.deepEqual([search.folds, search.rungs], [1, 2]);
  assert.ok(search.trials.every(({ rows }) => rows === 1200));
});

test('targets with gaps among features, a constant target, and copies of one row are searched without an error', async () => {
  const gaps = labelledRows(100);
  const constant = labelledRows(100);
  constant.targets.fill(7);
  const copies = { rows: 100, features: new Float32Array(300).fill(1), targets: new Float32Array(100).fill(2) };
  for (let i = 0; i < 300; i += 7) gaps.features[i] = Number.NaN;
  const columns = ['a', 'b', 'c'].map(() => ({ type: 'number' as const, min: -1e4, max: 1e4, missing: 0.1 }));
  for (const [data, given] of [
    [gaps, columns],
    [constant, undefined],
    [copies, undefined],
  ] as const) {
    const { search } = await run(data, { trials: 3 }, { columns: given as never });
    assert.equal(search.state, 'finished');
    assert.ok(search.trials.every(({ error }) => error === null || Number.isFinite(error)));
  }
});

test('the rows that a training holds out are not in the table of its trials', async () => {
  const data = labelledRows(200);
  const info = { features: ['a', 'b', 'c'], targets: ['y'], columns: undefined } as never;
  const table = trainingTable(info, data, DEFAULT_TRAINING);
  const { heldOut } = splitRows(data, 0.2, createRandom(DEFAULT_TRAINING.seed));
  assert.deepEqual([table.rows, heldOut.length], [160, 40]);
  const known = new Set(table.targets);
  assert.equal(known.size, 160);
  for (const row of heldOut) assert.ok(!known.has(data.targets[row]!));
});

test('the targets of held-out rows do not change what a search finds', async () => {
  const clean = labelledRows(200);
  const { heldOut } = splitRows(clean, SHORT.validation_split, createRandom(SHORT.seed));
  const hashes = contentHashes(clean);
  const bound = Math.max(...Array.from(heldOut, (row) => hashes[row]!));
  const poisoned = { ...clean, targets: clean.targets.slice() };
  // The content of a row decides whether it is held out: each gets the first poison with which it still is.
  const pending = new Set(heldOut);
  for (let poison = 1e6; pending.size > 0; poison += 64) {
    for (const row of pending) poisoned.targets[row] = poison;
    const changed = contentHashes(poisoned);
    for (const row of pending) if (changed[row]! < bound) pending.delete(row);
  }
  assert.deepEqual(splitRows(poisoned, SHORT.validation_split, createRandom(SHORT.seed)).heldOut, heldOut);
  const find = async (data: LabelledRows) => {
    const info = { features: ['a', 'b', 'c'], targets: ['y'], columns: undefined } as never;
    const listener = { onStart: () => {}, onTrial: () => {}, stop: new AbortController().signal };
    const options = { ...SHORT, trials: 3 };
    const { search } = await findOptions(
      { engine: 'kernel', createEngine: await loadEngine('kernel'), info, data, options },
      listener,
    );
    return [search!.chosen, search!.trials.map(({ error, rows }) => [error, rows])];
  };
  assert.deepEqual(await find(poisoned), await find(clean));
});

test('few rows, a table that is large, and options that a client has set are not searched unless asked', async () => {
  const find = async (rows: number, options: TrainingOptions) => {
    const data = labelledRows(rows);
    const info = { features: ['a', 'b', 'c'], targets: ['y'], columns: undefined } as never;
    const listener = { onStart: () => {}, onTrial: () => {}, stop: new AbortController().signal };
    return findOptions({ engine: 'kernel', createEngine: await loadEngine('kernel'), info, data, options }, listener);
  };
  assert.equal((await find(20, trainingOptions({}))).search, undefined);
  assert.equal((await find(6000, trainingOptions({}))).search, undefined);
  assert.equal((await find(200, trainingOptions({ learning_rate: 0.001 }))).search, undefined);
  assert.deepEqual(await find(200, trainingOptions({ trials: 1 })), {
    search: undefined,
    configuration: { ...DEFAULT_TRAINING, trials: 1 },
  });
  const { search } = await find(20, trainingOptions({ trials: 5 }));
  assert.equal(search?.state, 'skipped');
  assert.match(search.reason, /16 training rows are too few/);
  assert.equal((await find(200, trainingOptions({ budget_seconds: 0.1 }))).search?.state, 'finished');
});

interface Parts {
  readonly options?: TrainingOptions;
  readonly threads?: number;
  readonly onTrial?: (trial: TrialReport) => void;
  readonly stop?: AbortSignal;
  readonly columns?: never;
}

function run(data: LabelledRows, terms: Partial<SearchTerms>, { options = SHORT, columns, ...parts }: Parts = {}) {
  return searchIn(shareTable(data, 3, ['y'], columns), terms, options, parts);
}

async function searchIn(
  table: ReturnType<typeof shareTable>,
  { trials = 3, seconds }: Partial<SearchTerms>,
  options: TrainingOptions,
  { threads = 2, onTrial = () => {}, stop = new AbortController().signal }: Parts = {},
) {
  const pool = new TrainingPool('kernel', await loadEngine('kernel'), table, threads);
  const terms = { trials, seconds, isAsked: true };
  try {
    return await new HalvingSearch({ pool, table, options, terms, offersLog: false, onTrial, stop }).run();
  } finally {
    await pool.close();
  }
}

/** Rows of three features whose target a line does not follow. */
function curvedRows(rows: number): LabelledRows {
  const data = labelledRows(rows);
  const targets = Float32Array.from({ length: rows }, (_, r) => Math.sin(data.features[3 * r]! / 5));
  return { ...data, targets };
}

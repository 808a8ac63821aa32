import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { TableWriter } from '../../../../src/model/tables/table-file.js';
import { runTraining } from '../../../../src/model/training/process/trainer.js';
import type { TrainingRequest } from '../../../../src/model/training/process/trainer-messages.js';
import { train } from '../../../../src/model/training/training.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../../../src/model/training/training-options.js';
import type { Epoch } from '../../../../src/model/versions/metrics.js';
import { openVersion } from '../../../../src/model/versions/version.js';
import { childrenOf, gone, NO_PROC } from '../../../support/child-processes.js';
import { labelledRows } from '../../../support/labelled-rows.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

const FOREVER = { epochs: 1e9, patience: 1e9 };
const GATE = { promote: 'gate', tolerance: 0.05, serving: null } as const;
const NEVER = new AbortController().signal;

test('a training in a child writes a version that opens, and reports every epoch', async (t) => {
  const request = stage(t, 100, { epochs: 3 });
  const reported: Epoch[] = [];
  const { metrics, baselines } = await runTraining(request, (epoch) => reported.push(epoch), NEVER);
  const directory = join(request.stage, 'version');
  const files = new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
  const { card } = openVersion(files, await loadEngine('kernel'));
  assert.deepEqual([card.features, card.targets], [['a', 'b', 'c'], ['y']]);
  const errors = reported.map((epoch) => epoch.val_prediction_error);
  const best = errors.indexOf(Math.min(...errors)) + 1;
  assert.deepEqual([card.history, card.metrics, card.training.best_epoch], [reported, metrics, best]);
  assert.equal(reported.length, 3);
  assert.deepEqual(card.baselines, baselines);
  assert.ok(baselines.ridge!.targets['y']!.rmse < baselines.mean.targets['y']!.rmse, JSON.stringify(baselines));
  const { rows, dropped, training_rows, validation_rows, missing, fingerprint } = card.data;
  assert.deepEqual([rows, dropped, training_rows, validation_rows], [100, 1, 80, 20]);
  assert.deepEqual(missing, { a: 0, b: 0, c: 0, y: 1 });
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  assert.ok(!Number.isNaN(Date.parse(card.created_at)));
  assert.ok(card.training.seconds > 0);
  const { importance, partial_dependence } = card;
  assert.deepEqual([importance?.rows, importance?.columns.map(({ name }) => name).sort()], [20, ['a', 'b', 'c']]);
  assert.equal(importance?.columns[0]?.name, 'b');
  assert.equal(partial_dependence?.[0]?.column, 'b');
});

test('the child trains the same weights as this process would', async (t) => {
  const request = stage(t, 100, { epochs: 2, seed: 5 });
  await runTraining(request, () => {}, NEVER);
  const { weights } = await train(await loadEngine('kernel'), labelledRows(100), 3, ['y'], request.options);
  const written = readFileSync(join(request.stage, 'version/weights.bin'));
  assert.deepEqual(new Uint8Array(written), new Uint8Array(weights.buffer));
});

test('a domain error is passed on unchanged', async (t) => {
  await assert.rejects(
    runTraining(stage(t, 9), () => {}, NEVER),
    {
      name: 'DomainError',
      code: 'TOO_FEW_ROWS',
      message: 'training needs at least 10 complete rows, got 9',
    },
  );
  const diverging = stage(t, 200, { learning_rate: 10 });
  await assert.rejects(
    runTraining(diverging, () => {}, NEVER),
    { code: 'TRAINING_DIVERGED' },
  );
  assert.ok(!existsSync(join(diverging.stage, 'version')));
});

test('a child that fails is a crash, with its last output as the cause, not for clients', async (t) => {
  const empty = { stage: temporaryDirectory(t), engine: 'kernel', options: DEFAULT_TRAINING, gate: GATE } as const;
  await assert.rejects(
    runTraining(empty, () => {}, NEVER),
    (error: Error & { code?: string }) =>
      error.code === 'TRAINING_CRASHED' &&
      error.message === 'the training process exited early: exit code 1' &&
      /ENOENT.*table\.json/s.test((error.cause as Error).message),
  );
});

test('a truncated table is a crash, not a model of half the numbers', async (t) => {
  const request = stage(t, 100);
  truncateSync(join(request.stage, 'table/features.f32'), 600);
  await assert.rejects(
    runTraining(request, () => {}, NEVER),
    { code: 'TRAINING_CRASHED' },
  );
});

test('a child killed during training is a crash', { skip: NO_PROC }, async (t) => {
  const training = runTraining(stage(t, 100, FOREVER), killChildren, NEVER);
  await assert.rejects(training, { code: 'TRAINING_CRASHED', message: 'the training process exited early: SIGKILL' });
  assert.deepEqual(childrenOf(process.pid), []);
});

test('a child killed before it starts training is a crash', { skip: NO_PROC }, async (t) => {
  const training = runTraining(stage(t, 100), () => {}, NEVER);
  killChildren();
  await assert.rejects(training, { code: 'TRAINING_CRASHED' });
});

test('an aborted training is cancelled once its child has exited', { skip: NO_PROC }, async (t) => {
  const abort = new AbortController();
  let pid: number | undefined;
  const training = runTraining(
    stage(t, 100, FOREVER),
    () => {
      // Epochs that were reported before the child died still arrive after it.
      pid ??= childrenOf(process.pid)[0];
      abort.abort();
    },
    abort.signal,
  );
  await assert.rejects(training, { code: 'TRAINING_CANCELLED' });
  assert.ok(pid !== undefined);
  await gone(pid, 0);
});

test('a training may be aborted before the child has started, and before it exists', {
  skip: NO_PROC,
}, async (t) => {
  const abort = new AbortController();
  const training = runTraining(stage(t, 100, FOREVER), () => {}, abort.signal);
  abort.abort();
  await assert.rejects(training, { code: 'TRAINING_CANCELLED' });
  const late = runTraining(stage(t, 100, FOREVER), () => {}, abort.signal);
  assert.deepEqual(childrenOf(process.pid), []);
  await assert.rejects(late, { code: 'TRAINING_CANCELLED' });
});

test('a training that has ended no longer listens to its signal', async (t) => {
  const abort = new AbortController();
  await runTraining(stage(t, 20, { epochs: 1 }), () => {}, abort.signal);
  abort.abort();
});

test('the child exits with its parent, however the parent dies', { skip: NO_PROC }, async (t) => {
  const request = stage(t, 100, FOREVER);
  const script = `
    import { runTraining } from ${JSON.stringify(new URL('../../../../src/model/training/process/trainer.js', import.meta.url).href)};
    const signal = new AbortController().signal;
    await runTraining(${JSON.stringify(request)}, ({ epoch }) => console.log(epoch), signal);`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => parent.kill('SIGKILL'));
  await once(createInterface(parent.stdout), 'line');
  const children = childrenOf(parent.pid!);
  assert.equal(children.length, 1);
  parent.kill('SIGKILL');
  await gone(children[0]!);
});

/** Makes a stage with a table of `rows` complete rows and an incomplete one. */
function stage(t: TestContext, rows: number, options: Partial<TrainingOptions> = {}): TrainingRequest {
  const directory = temporaryDirectory(t);
  const { features, targets } = labelledRows(rows);
  const writer = new TableWriter(join(directory, 'table'), { features: ['a', 'b', 'c'], targets: ['y'] });
  for (let row = 0; row < rows; row++) {
    writer.add((column) => (column < 3 ? features[3 * row + column]! : targets[row]!));
  }
  // A row without a target is left out.
  writer.add((column) => (column === 3 ? null : 1));
  writer.finish();
  return { stage: directory, engine: 'kernel', options: { ...DEFAULT_TRAINING, ...options }, gate: GATE };
}

function killChildren(): void {
  for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
}

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { FileStore } from '../../../../src/model/store/file-store.js';
import { TableWriter } from '../../../../src/model/tables/table-file.js';
import { DEFAULT_TRAINING } from '../../../../src/model/training/training-options.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

/** Rows and a target that follows them with a little noise; `shuffled` targets follow nothing. */
function labelled(seed: number, count = 400, shuffled = false) {
  const random = createRandom(seed);
  const instances = Array.from({ length: count }, () => [random.normal(), random.normal(), random.normal()]);
  const targets = instances.map(([a, b]) => a! - 2 * b! + 0.3 * random.normal());
  return { instances, targets: shuffled ? targets.map(() => 2 * random.normal()) : targets };
}

const GOOD = { epochs: 30, patience: 5, batch_size: 16 };
/** One or two rows to learn from teach hardly more than the mean. */
const POOR = { epochs: 1, learning_rate: 1e-6, validation_split: 0.995 };

async function train(parts: TestApp, body: object, query = '') {
  const response = await parts.app.inject({ method: 'POST', url: `/train?wait=true${query}`, payload: body });
  assert.equal(response.statusCode, 200, response.body);
  return response.json();
}

/** A service whose version 1 is a good model of `labelled`. */
async function start(t: Parameters<typeof buildTestApp>[0]) {
  const parts = await buildTestApp(t, []);
  const first = await train(parts, { ...labelled(1), ...GOOD });
  return { parts, first };
}

/** The gate in the last such line of the log, and the line's level. */
function toldGate({ logged }: TestApp, msg: string): [unknown, unknown, unknown] {
  const { level, model_version, gate } = logged.findLast((line) => line['msg'] === msg) ?? {};
  return [level, model_version, gate];
}

const get = async ({ app }: TestApp, url: string) => (await app.inject({ url })).json();

test('the first version is gated against the mean, as the job, the log, the card and the list of versions report', async (t) => {
  const { parts, first } = await start(t);
  const { gate } = first;
  assert.equal(gate.decision, 'promoted');
  assert.match(
    gate.reason,
    /^RMSE 0\.\d+, better than the mean of the training rows \(2\.\d+\) and (as good as )?ridge regression/,
  );
  assert.deepEqual([gate.serving_version, gate.rows, gate.tolerance], [null, 80, 0.05]);
  // Both figures are those of the metrics.
  const { rmse, baseline_rmse } = first.metrics.targets.y0;
  assert.ok(Math.abs(gate.candidate - rmse) < 1e-9 && Math.abs(gate.serving / baseline_rmse - 1) < 1e-6);
  assert.deepEqual((await get(parts, '/model')).gate, gate);
  assert.deepEqual(toldGate(parts, 'the version was promoted'), [30, '1', gate]);
  const { aliases, models } = await get(parts, '/models');
  assert.deepEqual(models[0].gate, gate);
  assert.deepEqual([aliases.production, aliases.candidate, aliases.previous], ['1', null, null]);
});

test('a worse version is refused: it succeeds, is a candidate, and the old one serves on', async (t) => {
  const { parts } = await start(t);
  const { gate, state, model_version, error } = await train(parts, { ...labelled(2), ...POOR });
  assert.deepEqual([state, model_version, error, gate.decision], ['succeeded', '2', null, 'refused']);
  assert.ok(gate.candidate > 2 * gate.serving && gate.p_value < 1e-4, JSON.stringify(gate));
  assert.match(gate.reason, /, more than 5 % worse than version 1 \(0\.\d+\), beyond chance/);
  assert.equal(parts.service.serving.version, 1);
  const { aliases, models } = await get(parts, '/models');
  assert.deepEqual([aliases.production, aliases.candidate], ['1', '2']);
  assert.deepEqual(models[0].gate, gate);
  assert.deepEqual(toldGate(parts, 'the version was refused and does not serve'), [40, '2', gate]);
  assert.match(
    (await parts.app.inject({ url: '/metrics' })).body,
    /model_gate_decisions_total\{decision="refused"\} 1/,
  );

  // Who knows better makes it serve.
  assert.equal((await parts.app.inject({ method: 'POST', url: '/models/2/activate' })).statusCode, 200);
  assert.equal(parts.service.serving.version, 2);
});

test('targets that follow nothing do not replace a model that explains much, though it is worse on such rows', async (t) => {
  const { parts } = await start(t);
  const { gate } = await train(parts, { ...labelled(2, 400, true), ...GOOD });
  assert.ok(gate.candidate < gate.serving, gate.reason);
  assert.equal(gate.decision, 'refused');
  assert.match(gate.reason, /version 1 explained 9\d\.?\d* % .* are the targets right\?/);
  assert.equal(parts.service.serving.version, 1);
});

test('the figure of the serving version is its error on the very rows that were held out', async (t) => {
  const { parts } = await start(t);
  const serving = parts.service.serving;
  // The same data: the rows that were held out from the first are held out again.
  const { gate, metrics } = await train(parts, { ...labelled(1), ...GOOD, epochs: 2 });
  assert.equal(gate.serving_version, '1');
  assert.ok(Math.abs(gate.serving - serving.card.metrics.targets['y0']!.rmse) < 1e-6, JSON.stringify(gate));
  assert.ok(Math.abs(gate.candidate - metrics.targets.y0.rmse) < 1e-9);
});

test('equal models pass, whatever the seed', async (t) => {
  const { parts } = await start(t);
  for (let seed = 2; seed < 4; seed++) {
    const { gate } = await train(parts, { ...labelled(1), ...GOOD, seed });
    assert.equal(gate.decision, 'promoted', gate.reason);
    assert.equal(parts.service.serving.version, seed);
  }
  const { aliases } = await get(parts, '/models');
  assert.deepEqual([aliases.production, aliases.candidate, aliases.previous], ['3', null, '2']);
});

test('?promote=always does not ask the gate, and ?promote=never leaves a candidate, in the query and in the body', async (t) => {
  const { parts } = await start(t);
  const bad = { ...labelled(2), ...POOR };
  const never = await train(parts, { ...labelled(3), ...GOOD }, '&promote=never');
  assert.deepEqual([never.gate.decision, never.model_version, parts.service.serving.version], ['not_asked', '2', 1]);
  assert.match(never.gate.reason, /^promote=never, so the gate does not decide: RMSE/);
  assert.deepEqual(toldGate(parts, 'the version stays a candidate'), [30, '2', never.gate]);
  const always = await train(parts, { ...bad, promote: 'always' });
  assert.deepEqual([always.gate.decision, parts.service.serving.version], ['not_asked', 3]);
  assert.match(always.gate.reason, /^promote=always, so the gate does not decide: RMSE .* more than 5 % worse/);
  assert.deepEqual((await get(parts, '/models')).models[0].gate, always.gate);
  const response = await parts.app.inject({ method: 'POST', url: '/train?promote=perhaps', payload: bad });
  assert.equal(response.statusCode, 400);
  assert.match(response.json().error, /promote/);
});

test('?replace=true is judged by the mean, whatever served before', async (t) => {
  const { parts } = await start(t);
  const { gate } = await train(parts, { ...labelled(2), ...GOOD }, '&replace=true');
  assert.deepEqual([gate.serving_version, gate.decision, parts.service.serving.version], [null, 'promoted', 2]);
});

test('a version that is worse than the mean does not become the first, nor by a restart', async (t) => {
  const parts = await buildTestApp(t, []);
  // Targets that follow nothing, memorised row by row.
  const worse = { ...labelled(1, 400, true), epochs: 1, batch_size: 1, learning_rate: 0.01 };
  const { gate } = await train(parts, worse);
  assert.equal(gate.decision, 'refused', gate.reason);
  assert.equal((await parts.app.inject({ url: '/readyz' })).statusCode, 503);
  await assert.rejects(parts.loader.activateStored(), { code: 'INVALID_VERSION' });
  const next = await train(parts, { ...labelled(1), ...GOOD });
  assert.deepEqual([next.gate.serving_version, parts.service.serving.version], [null, 2]);
});

test('if another version was made production meanwhile, it is not replaced by one that was not compared with it', async (t) => {
  const { parts } = await start(t);
  await train(parts, { ...labelled(3), ...GOOD }, '&promote=never');
  const payload = { ...labelled(2), ...GOOD };
  parts.jobs.once('epoch', () => void parts.loader.activate(2));
  const { gate, model_version, state } = await train(parts, payload);
  assert.deepEqual([state, model_version, gate.decision], ['succeeded', '3', 'refused']);
  assert.match(gate.reason, /^version 2 is production meanwhile, not version 1; RMSE/);
  assert.equal(parts.service.serving.version, 2);
});

test('a version that another process makes production just before the comparison is not replaced unseen', async (t) => {
  const { parts } = await start(t);
  await train(parts, { ...labelled(3), ...GOOD }, '&promote=never');
  const { store } = parts;
  const other = new FileStore(store.location);
  const aliases = store.aliases.bind(store);
  let readings = 0;
  store.aliases = async () => {
    // Between the two readings that a training begins with.
    if (++readings === 2) {
      const { generation } = await other.aliases();
      await other.setAliases({ generation, production: 2, candidate: null, previous: 1 });
    }
    return aliases();
  };
  const { gate } = await train(parts, { ...labelled(2), ...GOOD });
  assert.equal((await aliases()).production, 2);
  assert.match(gate.reason, /^version 2 is production meanwhile, not version 1; RMSE/);
});

test('a training whose version is broken when it is opened fails with the reason, and the old one serves on', async (t) => {
  const { parts } = await start(t);
  const publish = parts.store.publish.bind(parts.store);
  parts.store.publish = async (stage) => {
    await writeFile(join(stage, 'version/weights.bin'), 'broken');
    return publish(stage);
  };
  const payload = { ...labelled(1), ...GOOD, promote: 'always' };
  const response = await parts.app.inject({ method: 'POST', url: '/train?wait=true', payload });
  assert.deepEqual([response.statusCode, response.json().code], [409, 'INVALID_VERSION']);
  assert.match(response.json().error, /^weights.bin: its checksum/);
  const { aliases, serving } = await get(parts, '/models');
  assert.deepEqual([serving, aliases.production, aliases.candidate], ['1', '1', '2']);
  assert.deepEqual([parts.jobs.isBusy, parts.loader.isInUse(2)], [false, false]);
});

test('rows of other columns than those of a model that began to serve meanwhile are refused, whatever their names give in a line', async (t) => {
  const { jobs, store, loader, service } = await buildTestApp(t, ['a', 'b']);
  const start = jobs.start(async (directory) => {
    const writer = new TableWriter(directory, { features: ['a', 'b'], targets: ['y'] });
    for (let i = 0; i < 100; i++) writer.add((column) => Math.sin(i * (column + 1)));
    await loader.activate(await publishUntrained(store, ['a'], ['b', 'y']));
    return writer.finish();
  }, DEFAULT_TRAINING);
  await assert.rejects(start, { code: 'FEATURES_CHANGED' });
  assert.equal(service.serving.version, 2);
});

/** Ten rows, of which two are held out: they show nothing. */
const TEN = { ...labelled(7, 10, true), epochs: 3 };

test('a first version that is not shown to be better than the mean does not serve, and requests are answered with the way out', async (t) => {
  const parts = await buildTestApp(t, []);
  const { gate, model_version, state, baselines } = await train(parts, TEN);
  assert.deepEqual([state, model_version, gate.decision, gate.promote], ['succeeded', '1', 'refused', 'gate']);
  assert.match(gate.reason, / To serve it all the same, activate this version, or train with promote=always\.$/);
  assert.ok(baselines.mean.targets.y0.rmse > 0 && baselines.ridge.targets.y0.rmse > 0);
  const request = { method: 'POST', url: '/predict', payload: { instances: [[0, 0, 0]] } } as const;
  const refused = await parts.app.inject(request);
  assert.equal(refused.statusCode, 503);
  const wayOut = 'POST /models/1/activate serves it all the same';
  assert.equal(
    refused.json().error,
    `no model: the gate refused version 1, which is not shown to predict better than the mean; ${wayOut}, and POST /train can make another`,
  );
  assert.equal((await parts.app.inject({ url: '/readyz' })).statusCode, 503);
  assert.deepEqual(toldGate(parts, `no model serves: the gate refused the first version; ${wayOut}`), [40, '1', gate]);
  // Nor does it after a restart.
  await assert.rejects(parts.loader.activateStored(), {
    code: 'INVALID_VERSION',
    message: /accepted by the gate; POST \/models\/1\/activate serves version 1 all the same$/,
  });

  assert.equal((await parts.app.inject({ method: 'POST', url: '/models/1/activate' })).statusCode, 200);
  assert.equal((await parts.app.inject(request)).statusCode, 200);
});

test('a first version serves untested with promote=always, and the card says that the gate did not decide', async (t) => {
  const parts = await buildTestApp(t, []);
  const { gate } = await train(parts, TEN, '&promote=always');
  assert.deepEqual([gate.decision, gate.promote, parts.service.serving.version], ['not_asked', 'always', 1]);
  assert.deepEqual((await get(parts, '/models/1')).gate, gate);
});

test('other columns replace a serving version only if the new version is shown to be better than the mean', async (t) => {
  const { parts } = await start(t);
  const other = labelled(8, 10, true);
  const instances = other.instances.map((row) => row.slice(1));
  const { gate } = await train(parts, { ...other, instances }, '&replace=true');
  assert.deepEqual([gate.decision, gate.serving_version, parts.service.serving.version], ['refused', null, 1]);
});

test('a version that ridge regression beats serves with a warning, in the job, the log, the card and a metric', async (t) => {
  const parts = await buildTestApp(t, []);
  const metric = async () =>
    /^model_worse_than_ridge (.)$/m.exec((await parts.app.inject({ url: '/metrics' })).body)?.[1];
  assert.equal(await metric(), undefined, 'nothing serves');
  // A line is learned as the exponential of one.
  const { instances, targets } = labelled(1);
  const table = { instances, targets: targets.map((y) => y + 12) };
  const job = await train(parts, { ...table, target_transform: 'log1p', epochs: 1 });
  const { gate, baselines } = job;
  assert.deepEqual([gate.decision, gate.baselines.worse_than_ridge], ['promoted', true]);
  assert.match(gate.warnings[0], /^A ridge regression on the same columns predicts better: RMSE 0\.\d+ against /);
  assert.ok(Math.abs(gate.baselines.ridge - baselines.ridge.targets.y0.rmse) < 1e-6);
  assert.deepEqual(toldGate(parts, 'the version predicts worse than ridge regression'), [40, '1', gate]);
  assert.deepEqual((await get(parts, '/model')).gate, gate);
  assert.equal(await metric(), '1');

  await train(parts, { ...table, ...GOOD });
  assert.deepEqual([parts.service.serving.version, await metric()], [2, '0']);
});

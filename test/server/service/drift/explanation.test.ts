import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { buildTestApp } from '../../../support/test-app.js';

test('without a baseline a row is explained by its residuals alone', async (t) => {
  const { app } = await buildTestApp(t);
  const url = '/predict?explain=true';
  const { explanations, reconstruction_error } = (
    await app.inject({
      method: 'POST',
      url,
      payload: {
        instances: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
    })
  ).json();
  assert.equal(explanations.length, 2);
  explanations.forEach((explanation: { squared_residuals: Record<string, number>; p_value: null }, r: number) => {
    assert.equal(explanation.p_value, null);
    assert.equal((explanation as unknown as { conditional_residuals: null }).conditional_residuals, null);
    const residuals = Object.values(explanation.squared_residuals);
    assert.deepEqual(Object.keys(explanation.squared_residuals), ['a', 'b', 'c']);
    const mean = residuals.reduce((sum, value) => sum + value, 0) / 3;
    assert.ok(Math.abs(mean / reconstruction_error[r] - 1) < 1e-5);
  });
});

test('the reconstruction is in the units of the features, and its distance agrees with the residual', async (t) => {
  const { app } = await buildTestApp(t);
  const row = [1, 2, 30];
  const answer = await app.inject({ method: 'POST', url: '/predict?explain=true', payload: { instances: [row] } });
  const [{ reconstruction, squared_residuals }] = answer.json().explanations;
  assert.deepEqual(Object.keys(reconstruction), ['a', 'b', 'c']);
  for (const [j, name] of ['a', 'b', 'c'].entries()) {
    // The untrained model's scale of feature j is j + 1.
    const residual = ((reconstruction[name] - row[j]!) / (j + 1)) ** 2;
    assert.ok(Math.abs(residual / squared_residuals[name] - 1) < 1e-4, `${name}: ${residual}`);
  }
});

test('it is off by default, and the same prediction with it', async (t) => {
  const { app } = await buildTestApp(t);
  const post = (query: string) =>
    app.inject({ method: 'POST', url: `/predict${query}`, payload: { instances: [[1, 2, 3]] } });
  const plain = (await post('')).json();
  assert.equal('explanations' in plain, false);
  assert.deepEqual((await post('?explain=false')).json(), plain);
  const { explanations, ...rest } = (await post('?explain=true')).json();
  assert.equal(explanations.length, 1);
  assert.deepEqual(rest, plain);
  for (const query of ['?explain=yes', '?explain=', '?explian=true', '?explain=true&explain=true']) {
    const response = await post(query);
    assert.equal(response.statusCode, 400, query);
    assert.equal(response.json().code, 'INVALID_QUERY');
  }
});

test('a null is refused by default; with ON_MISSING=mean it becomes the mean, and is counted and reported', async (t) => {
  const strict = await buildTestApp(t);
  const payload = { instances: [[1, null, 3]] };
  assert.equal((await strict.app.inject({ method: 'POST', url: '/predict', payload })).statusCode, 400);

  const { app } = await buildTestApp(t, [], { allowMissing: true, maxRows: 1000 });
  const random = createRandom(1);
  const instances = Array.from({ length: 1500 }, () => {
    const a = random.normal();
    return { a, b: a + random.normal(), y: 2 * a };
  });
  const trained = await app.inject({
    method: 'POST',
    url: '/train?wait=true&epochs=30',
    payload: { instances, target: 'y' },
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const { mean } = (await app.inject({ url: '/model' })).json().scalers.features;

  const post = async (rows: unknown[]) =>
    (await app.inject({ method: 'POST', url: '/predict?explain=true', payload: { instances: rows } })).json();
  const imputed = await post([[0.5, null]]);
  assert.deepEqual(imputed.explanations[0].missing, ['b']);
  const given = await post([[0.5, mean[1]]]);
  assert.ok(Math.abs(imputed.predictions[0][0] - given.predictions[0][0]) < 1e-5);
  assert.deepEqual((await post([{ b: null, a: 0.5 }])).predictions, imputed.predictions);

  const [{ conditional_residuals: residuals }] = (await post([[2, -2]])).explanations;
  assert.deepEqual(residuals.map(({ feature }: { feature: string }) => feature).sort(), ['a', 'b']);
  assert.ok(Math.abs(residuals[0].residual) >= Math.abs(residuals[1].residual), 'the largest first');
  assert.ok(Math.abs(residuals[0].residual) > 2, `the relation of a and b is broken: ${residuals[0].residual}`);
  assert.deepEqual(
    imputed.explanations[0].conditional_residuals.map(({ feature }: { feature: string }) => feature),
    ['a'],
    'a missing feature has none',
  );
  const outlier = await post([[40, -40]]);
  assert.ok(outlier.explanations[0].p_value < 0.01);
  assert.deepEqual(outlier.explanations[0].out_of_range, ['a', 'b']);
  assert.ok((await post([[0, 0]])).explanations[0].p_value > 0.1);

  for (let at = 0; at < 600; at += 100) {
    await post(instances.slice(at, at + 100).map(({ a, b }, i) => [a, i % 5 === 0 ? null : b]));
  }
  const report = (await app.inject({ url: '/drift' })).json();
  assert.equal(report.detected, true);
  const { name, words } = report.windows[0].columns[0];
  assert.deepEqual([name, words.includes('of rows missing')], ['b', true], words);
  const { body } = await app.inject({ url: '/metrics' });
  assert.match(body, /^model_feature_missing_rows_total\{feature="b"\} [1-9]\d+$/m);
});

test('a new reference is refused if a feature is missing in every row', async (t) => {
  const { app } = await buildTestApp(t, [], { allowMissing: true, maxRows: 1000 });
  const random = createRandom(1);
  const instances = Array.from({ length: 500 }, () => {
    const [a, b] = [random.normal(), random.normal()];
    return { a, b, y: a + random.normal() };
  });
  await app.inject({ method: 'POST', url: '/train?wait=true&epochs=1', payload: { instances, target: 'y' } });
  const rows = instances.slice(0, 250).map(({ a }) => [a, null]);
  const predicted = await app.inject({ method: 'POST', url: '/predict', payload: { instances: rows } });
  assert.equal(predicted.statusCode, 200);
  const payload = { since: '2026-01-01', reason: 'x', minimum_rows: 200 };
  const refused = await app.inject({ method: 'POST', url: '/drift/baseline', payload });
  assert.equal(refused.statusCode, 400, refused.body);
  assert.equal(refused.json().code, 'TOO_FEW_ROWS');
  assert.match(refused.json().error, /^b: expected a value in at least one row/);
});

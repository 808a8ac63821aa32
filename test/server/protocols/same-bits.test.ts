import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { unstandardise } from '../../../src/model/network/scaler.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';
import { integerForms, type WireForm, wireForms } from './wire-forms.js';

const FEATURES = ['a', 'b', 'c', 'd', 'e'];
/** The last is so large that it is read in a thread and computed in turns. */
const COUNTS = [1, 3, 100, 8000];

for (const count of COUNTS) {
  test(`${count} rows give the same bits through every contract and format`, async (t) => {
    const random = createRandom(count).uniform;
    const rows = Array.from({ length: count }, () =>
      // Of all sizes, and both signs of zero.
      FEATURES.map(
        () => Math.fround((random() - 0.5) * 10 ** (Math.round(random() * 12) - 6)) * (random() < 0.05 ? 0 : 1),
      ),
    );
    await compareForms(t, rows, wireForms(FEATURES, rows));
  });

  test(`${count} rows of whole numbers give the same bits in every integer datatype`, async (t) => {
    const random = createRandom(count).uniform;
    const rows = Array.from({ length: count }, () => FEATURES.map(() => Math.floor(128 * random())));
    await compareForms(t, rows, integerForms(rows));
  });
}

/** All values in each form's reply must equal what the service predicts for these rows. */
async function compareForms(t: TestContext, rows: readonly number[][], forms: readonly WireForm[]): Promise<void> {
  const built = await buildTestApp(t, FEATURES, {
    maxRows: 100_000,
    bodyLimit: 16 * 2 ** 20,
    vertex: { predict: '/vertex:predict', health: '/vertex' },
  });
  const { app } = built;
  const expected = predict(built, rows);
  const mean = expected.errors.reduce((sum, each) => sum + each, 0) / rows.length;
  for (const { name, url, headers, body, read } of forms) {
    await t.test(name, async () => {
      const reply = await app.inject({ method: 'POST', url, headers, payload: body });
      assert.equal(reply.statusCode, 200, reply.body.slice(0, 300));
      const { predictions, errors, reconstructions } = read(reply.rawPayload, reply.headers);
      assert.deepEqual(Float32Array.from(predictions), expected.predictions);
      if (errors) assert.deepEqual(Float32Array.from(errors), expected.errors);
      if (reconstructions) assert.deepEqual(Float32Array.from(reconstructions), expected.reconstructions);
      if (url === '/predict') return;
      assert.equal(reply.headers['x-model-version'], '1');
      assert.equal(reply.headers['x-reconstruction-error'], String(Math.fround(mean)));
    });
  }
}

function predict({ service }: TestApp, rows: readonly number[][]) {
  const { prediction, serving } = service.predict(Float32Array.from(rows.flat()), rows.length);
  const reconstructions = new Float32Array(rows.length * FEATURES.length);
  unstandardise(serving.predictor.scalers.features, prediction.reconstructions, reconstructions, rows.length);
  const errors = prediction.errors.slice(0, rows.length);
  return { predictions: prediction.outputs.slice(), errors, reconstructions };
}

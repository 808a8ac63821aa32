import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../src/model/random.js';
import { buildTestApp } from '../server/test-app.js';
import { wireForms } from './wire-forms.js';

const FEATURES = ['a', 'b', 'c', 'd', 'e'];
/** The last is so large that it is read in a thread and computed in turns. */
const COUNTS = [1, 3, 100, 8000];

for (const count of COUNTS) {
  test(`${count} rows give the same bits through every contract and format`, async (t) => {
    const { app } = await buildTestApp(t, FEATURES, {
      maxRows: 100_000,
      bodyLimit: 16 * 2 ** 20,
      vertex: { predict: '/vertex:predict', health: '/vertex' },
    });
    const random = createRandom(count).uniform;
    const rows = Array.from({ length: count }, () =>
      // Of all sizes, and both signs of zero.
      FEATURES.map(
        () => Math.fround((random() - 0.5) * 10 ** (Math.round(random() * 12) - 6)) * (random() < 0.05 ? 0 : 1),
      ),
    );
    const headers = { 'content-type': 'application/json' };
    const payload = JSON.stringify({ instances: rows });
    const native = await app.inject({ method: 'POST', url: '/predict', headers, payload });
    assert.equal(native.statusCode, 200, native.body);
    const { predictions, reconstruction_error: errors } = native.json();
    const expected = Float32Array.from(predictions.flat());
    const mean = errors.reduce((sum: number, each: number) => sum + Math.fround(each), 0) / count;
    for (const { name, url, headers, body, read } of wireForms(FEATURES, rows)) {
      await t.test(name, async () => {
        const reply = await app.inject({ method: 'POST', url, headers, payload: body });
        assert.equal(reply.statusCode, 200, reply.body.slice(0, 300));
        assert.deepEqual(Float32Array.from(read(reply.rawPayload, reply.headers)), expected);
        if (url === '/predict') return;
        assert.equal(reply.headers['x-model-version'], '1');
        assert.equal(reply.headers['x-reconstruction-error'], String(Math.fround(mean)));
      });
    }
  });
}

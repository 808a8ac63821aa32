import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMixedApp } from '../../support/mixed-app.js';
import { codesOf, mixedForms, mixedRows, predictionsIn } from './mixed-forms.js';

const OPTIONS = {
  vertex: { predict: '/vertex:predict', health: '/vertex' },
  maxRows: 100_000,
  bodyLimit: 16 * 2 ** 20,
};
/** The last is so large that it is read in a thread. */
const COUNTS = [1, 50, 4000];

for (const count of COUNTS) {
  test(`${count} rows of mixed columns give the same bits through every contract and format`, async (t) => {
    const { app, service } = await buildMixedApp(t, OPTIONS);
    const rows = mixedRows(count);
    const { prediction } = service.predict(codesOf(rows), count);
    const expected = prediction.outputs.slice(0, count);
    for (const { name, url, headers, body } of mixedForms(rows)) {
      const reply = await app.inject({ method: 'POST', url, headers, payload: body });
      assert.equal(reply.statusCode, 200, `${name}: ${reply.body.slice(0, 300)}`);
      assert.deepEqual(predictionsIn(reply.body), expected, name);
      assert.equal(reply.headers['x-ignored-columns'], undefined, name);
    }
  });
}

test('a value of a wrong type is refused with its place in a large body as in a small one', async (t) => {
  const { app } = await buildMixedApp(t, OPTIONS);
  const wrong: [feature: number, value: unknown, expected: RegExp][] = [
    [0, 'one', /expected a finite number/],
    [0, true, /expected a finite number/],
    [0, null, /expected a finite number.*never missing/],
    [1, ['red'], /expected a text/],
    [1, { toString: 1 }, /expected a text/],
    [1, null, /expected a text.*never missing/],
    [2, 'perhaps', /expected true, false, "yes" or "no"/],
    [2, 2, /expected true, false/],
    [2, { valueOf: 1 }, /expected true, false/],
    [3, '01/02/2024', /expected a date in ISO 8601/],
    [3, 1704067200, /expected a date in ISO 8601/],
    [3, '2024-02-30', /expected a date in ISO 8601/],
    [4, '', /expected a finite number/],
    [4, [], /expected a finite number/],
  ];
  for (const count of [3, 4000]) {
    for (const [feature, value, expected] of count === 3 ? wrong : wrong.slice(3, 5)) {
      const rows: unknown[][] = mixedRows(count);
      rows[count - 1]![feature] = value;
      const reply = await app.inject({ method: 'POST', url: '/predict', payload: { instances: rows } });
      assert.equal(reply.statusCode, 400, `${JSON.stringify(value)}: ${reply.body.slice(0, 300)}`);
      const { code, error } = reply.json();
      assert.equal(code, 'INVALID_ROWS');
      assert.ok(error.startsWith(`instances[${count - 1}][${feature}]: `), error);
      assert.match(error, expected);
    }
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

test('a tensor whose name or datatype is not a string is refused, in a large body as well', async (t) => {
  const { app } = await buildTestApp(t);
  const tensor = (name: unknown, datatype: unknown = 'FP32') => ({ name, datatype, shape: [1], data: [1] });
  const bodies: [object[], RegExp][] = [
    [[tensor(['a']), tensor('b'), tensor('c')], /^inputs\[0\]\.name: expected a string, got \["a"\]$/],
    [[tensor('a'), tensor({ toString: 1 }), tensor('c')], /^inputs\[1\]\.name: expected a string/],
    [[tensor('a', ['FP32']), tensor('b'), tensor('c')], /^inputs\[0\]\.datatype: expected one of/],
    [[tensor('a', { toString: 1 }), tensor('b'), tensor('c')], /^inputs\[0\]\.datatype: expected one of/],
  ];
  for (const [inputs, message] of bodies) {
    for (const padding of ['', ' '.repeat(200_000)]) {
      const payload = JSON.stringify({ inputs }) + padding;
      const headers = { 'content-type': 'application/json' };
      const { statusCode, body } = await app.inject({ method: 'POST', url: '/v2/models/test/infer', headers, payload });
      assert.equal(statusCode, 400, body);
      assert.match(JSON.parse(body).error, message);
    }
  }
});

test('a version to load that is neither a number nor a string is refused', async (t) => {
  const { app } = await buildTestApp(t);
  for (const version of [['1'], { toString: 1 }, {}, true]) {
    const payload = { parameters: { version } };
    const reply = await app.inject({ method: 'POST', url: '/v2/repository/models/test/load', payload });
    assert.equal(reply.statusCode, 400, reply.body);
    assert.match(reply.json().error, /^parameters\.version: expected the number of a version/);
  }
});

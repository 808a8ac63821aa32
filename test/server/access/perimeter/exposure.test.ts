import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBothFamilies, isLoopback, requireDecision } from '../../../../src/server/access/perimeter/exposure.js';
import { buildTestApp } from '../../../support/test-app.js';

test('addresses of this machine alone need no decision', () => {
  for (const HOST of ['', 'localhost', '127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1']) {
    assert.equal(isLoopback(HOST), true, HOST);
    requireDecision(HOST, false);
  }
  assert.deepEqual(['', 'localhost', '127.0.0.1', '::1'].map(isBothFamilies), [true, true, false, false]);
});

test('every other address needs AUTH, and the error names the choices in one line', () => {
  for (const HOST of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '192.168.1.5',
    '::ffff:10.0.0.1',
    'worker-7',
    '128.0.0.1',
    'fe80::1',
  ]) {
    assert.equal(isLoopback(HOST), false, HOST);
    assert.throws(() => requireDecision(HOST, false), {
      message: /^HOST=\S+ [^\n]*AUTH=keys[^\n]*AUTH=oidc[^\n]*AUTH=mtls[^\n]*AUTH=off[^\n]*$/,
    });
    requireDecision(HOST, true);
  }
});

test('the page learns where the service is open', async (t) => {
  const openTo = async (environment: Record<string, string>) => {
    const { app } = await buildTestApp(t, [], {}, environment);
    return (await app.inject('/session')).json().open_to;
  };
  assert.deepEqual(await openTo({}), ['127.0.0.1', '::1']);
  assert.deepEqual(await openTo({ HOST: '0.0.0.0', AUTH: 'off' }), ['0.0.0.0']);
});

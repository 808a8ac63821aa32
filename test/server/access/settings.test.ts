import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { buildAccess } from '../../../src/server/build-access.js';
import { readConfig } from '../../../src/server/config.js';
import { makeKey, writeKeys } from '../../support/access-keys.js';
import { makeCertificate } from '../../support/certificates.js';
import { freePort } from '../../support/free-port.js';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';

const SILENT = pino({ level: 'silent' });

test('credentials that are configured are required; AUTH says so, or that they are not', (t) => {
  const API_KEYS = writeKeys(t, [makeKey(['read'])]);
  const directory = temporaryDirectory(t);
  const { certificate, key } = makeCertificate('server');
  const [TLS_CERT, TLS_KEY, TLS_CLIENT_CA] = ['cert', 'key', 'ca'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(TLS_CERT, certificate);
  writeFileSync(TLS_KEY, key);
  writeFileSync(TLS_CLIENT_CA, certificate);
  const tls = { TLS_CERT, TLS_KEY };
  const kinds = (env: Record<string, string>) => {
    const access = buildAccess(readConfig(env), SILENT);
    access.close();
    assert.equal(access.admission.isClosed, access.kinds.length > 0);
    return access.kinds.join();
  };
  assert.equal(kinds({}), '');
  assert.equal(kinds({ API_KEYS }), 'keys');
  assert.equal(kinds({ API_KEYS, AUTH: 'off' }), '');
  assert.equal(kinds({ API_KEYS, ...tls, TLS_CLIENT_CA }), 'keys,mtls');
  assert.equal(kinds({ API_KEYS, ...tls, TLS_CLIENT_CA, AUTH: 'mtls' }), 'mtls');
  assert.equal(kinds({ API_KEYS, ...tls, AUTH: ' keys ' }), 'keys');
  assert.equal(kinds(tls), '');
});

test('settings that do not fit together stop the start, and say what is missing', (t) => {
  const API_KEYS = writeKeys(t, [makeKey(['read'])]);
  for (const [env, expected] of [
    [{ AUTH: 'keys' }, /^DomainError: AUTH=keys needs API_KEYS, the file of the keys: npm run keys -- create/],
    [{ AUTH: 'key' }, /^DomainError: AUTH: expected off, or a list of keys, oidc, mtls, got "key"$/],
    [{ AUTH: 'off,keys' }, /got "off"$/],
    [{ AUTH: 'keys,' }, /got ""$/],
    [{ AUTH: 'mtls', API_KEYS }, /^DomainError: AUTH=mtls needs TLS_CLIENT_CA/],
    [{ TLS_CERT: 'x' }, /^DomainError: TLS_KEY is needed/],
    [{ TLS_KEY: 'x' }, /^DomainError: TLS_CERT is needed/],
    [{ TLS_CLIENT_CA: 'x', API_KEYS }, /^DomainError: TLS_CERT is needed/],
  ] as const) {
    assert.throws(() => buildAccess(readConfig(env), SILENT), expected, JSON.stringify(env));
  }
});

test('the health port says no more than its status where credentials are required', async (t) => {
  const port = await freePort();
  const API_KEYS = writeKeys(t, [makeKey(['read'])]);
  const env = {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: 'no-such-file.csv',
    HEALTH_PORT: String(port),
    API_KEYS,
  };
  const server = await startServer(t, env);
  await server.logged('there is no model to serve');
  const ready = () => fetch(`http://127.0.0.1:${port}/readyz`);
  await until(
    'the health port knows',
    10,
    async () => ((await (await ready()).json()) as { error: string }).error === 'not ready',
  );
  const main = await fetch(`${server.url}/readyz`);
  assert.deepEqual([(await ready()).status, main.status], [503, 503]);
  assert.equal(((await main.json()) as { error: string }).error, 'not ready');
});

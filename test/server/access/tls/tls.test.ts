import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { TlsFiles } from '../../../../src/server/access/tls/tls-files.js';
import { keyLines, makeKey, writeKeys } from '../../../support/access-keys.js';
import { type Made, makeCertificate } from '../../../support/certificates.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { buildTestApp, type TestApp } from '../../../support/test-app.js';
import { until } from '../../../support/until.js';

const ROWS = '{"instances": [[1, 2, 3]]}';

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Posts rows, or gets a path, over a connection of its own. */
function call(
  port: number,
  options: { ca: string; cert?: string; key?: string; path?: string; headers?: Record<string, string> },
): Promise<Reply> {
  const { path = '/predict', headers = {}, ...tls } = options;
  return new Promise((resolve, reject) => {
    const isPost = path === '/predict';
    const sent = request({
      port,
      path,
      method: isPost ? 'POST' : 'GET',
      host: 'localhost',
      ...tls,
      headers: { ...(isPost && { 'content-type': 'application/json' }), ...headers },
      agent: new Agent(),
    });
    sent.on('response', async (reply) => {
      let body = '';
      for await (const piece of reply) body += piece;
      resolve({ status: reply.statusCode!, body });
    });
    sent.on('error', reject).end(isPost ? ROWS : undefined);
  });
}

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

function writeFiles(t: TestContext, server: Made, clients?: Made): Files {
  const directory = temporaryDirectory(t);
  const files = { cert: join(directory, 'cert'), key: join(directory, 'key'), ca: join(directory, 'ca') };
  writeFileSync(files.cert, server.certificate);
  writeFileSync(files.key, server.key);
  writeFileSync(files.ca, clients?.certificate ?? '');
  return files;
}

async function listening(
  t: TestContext,
  environment: Record<string, string>,
  fastPath = true,
): Promise<TestApp & { port: number }> {
  const parts = await buildTestApp(t, ['a', 'b', 'c'], { fastPath }, environment);
  parts.log.level = 'info';
  await parts.app.listen({ host: '127.0.0.1', port: 0 });
  const address = parts.app.server.address();
  return { ...parts, port: (address as { port: number }).port };
}

const server = makeCertificate('server', { names: ['DNS:localhost'] });

test('HTTPS serves predictions, on the fast path and by Fastify, and a certificate that is renewed is used at once', async (t) => {
  const files = writeFiles(t, server);
  for (const fastPath of [true, false]) {
    const { port } = await listening(t, { TLS_CERT: files.cert, TLS_KEY: files.key }, fastPath);
    assert.equal((await call(port, { ca: server.certificate })).status, 200);
  }
  const { port, logged } = await listening(t, { TLS_CERT: files.cert, TLS_KEY: files.key });
  const renewed = makeCertificate('server', { names: ['DNS:localhost'] });
  writeFileSync(files.cert, renewed.certificate);
  writeFileSync(files.key, renewed.key);
  await until(
    'the renewed certificate is in use',
    20,
    async () => (await call(port, { ca: renewed.certificate })).status === 200,
  );
  await assert.rejects(call(port, { ca: server.certificate }));
  assert.ok(logged.some(({ msg }) => msg === 'certificates read'));
});

test('a connection that was open before stays open when the certificate is renewed', async (t) => {
  const files = writeFiles(t, server);
  const { port, logged } = await listening(t, { TLS_CERT: files.cert, TLS_KEY: files.key });
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: server.certificate });
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  const send = () => socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n');
  send();
  await until('the first reply', 20, async () => received.includes('live'));
  const renewed = makeCertificate('server', { names: ['DNS:localhost'] });
  writeFileSync(files.cert, renewed.certificate);
  writeFileSync(files.key, renewed.key);
  await until('the certificate is renewed', 20, async () => logged.some(({ msg }) => msg === 'certificates read'));
  received = '';
  send();
  await until('the second reply', 20, async () => received.includes('live'));
  socket.destroy();
});

test('files that cannot be used leave those of before in use, and are counted', async (t) => {
  const files = writeFiles(t, server);
  const { port, logged, app } = await listening(t, { TLS_CERT: files.cert, TLS_KEY: files.key });
  writeFileSync(files.key, makeCertificate('other').key);
  await until('the fault is noticed', 20, async () =>
    logged.some(({ msg }) => String(msg).startsWith('the files of the certificates')),
  );
  assert.equal((await call(port, { ca: server.certificate })).status, 200);
  const { body } = await app.inject('/metrics');
  assert.match(body, /^tls_files_broken 1$/m);
  assert.match(body, /^tls_certificate_expiry_timestamp_seconds 3786912000$/m);
  assert.match(body, /^tls_file_errors_total [1-9]/m);
});

test('settings of TLS that cannot be used are named', (t) => {
  const files = writeFiles(t, server);
  const open =
    (cert: string, key: string, clientCa = '') =>
    () =>
      new TlsFiles({ cert, key, clientCa }, undefined as never);
  assert.throws(open('/nowhere', files.key), /^DomainError: TLS_CERT: ENOENT/);
  assert.throws(open(files.cert, files.cert), /^DomainError: TLS_KEY: /);
  assert.throws(open(files.key, files.key), /^DomainError: TLS_CERT: /);
  assert.throws(open(files.cert, files.key, files.key), /^DomainError: TLS_CLIENT_CA: /);
  writeFileSync(files.key, makeCertificate('other').key);
  assert.throws(
    open(files.cert, files.key),
    /^DomainError: TLS_KEY: it is not the key of the certificate in TLS_CERT$/,
  );
});

test('a client is who its certificate says, if a trusted issuer says so and a record names it', async (t) => {
  const issuer = makeCertificate('issuer of clients');
  const stranger = makeCertificate('issuer of clients');
  const record = (certificate: string, changes: object = {}) => {
    const { record } = makeKey(['predict'], { certificate, ...changes });
    const { sha256: _, ...rest } = record;
    return { record: rest, text: '', headers: { authorization: '' } };
  };
  const key = makeKey(['read']);
  const path = writeKeys(t, [
    key,
    record('CN=by-name'),
    record('URI:spiffe://cluster/ns/prod/sa/scorer'),
    record('CN=gone', { revoked: '2026-01-01T00:00:00.000Z' }),
    record('CN=late', { expires: '2026-01-01T00:00:00.000Z' }),
  ]);
  const files = writeFiles(t, server, issuer);
  const { port } = await listening(t, {
    API_KEYS: path,
    TLS_CERT: files.cert,
    TLS_KEY: files.key,
    TLS_CLIENT_CA: files.ca,
  });
  const as = ({ certificate, key }: Made, options: object = {}) =>
    call(port, { ca: server.certificate, cert: certificate, key, ...options });
  const good = makeCertificate('by-name', { issuer });
  assert.equal((await as(good)).status, 200);
  assert.equal(
    (await as(makeCertificate('any', { issuer, names: ['URI:spiffe://cluster/ns/prod/sa/scorer'] }))).status,
    200,
  );
  const forbidden = await as(good, { path: '/models' });
  assert.equal(forbidden.status, 403);
  assert.match(forbidden.body, /certificate:\w+ has predict/);
  assert.equal(
    (await as(good, { path: '/models', headers: key.headers })).status,
    200,
    'a key is stronger than a connection',
  );
  for (const [what, made, expected] of [
    [
      'a certificate of another issuer with the same name',
      makeCertificate('by-name', { issuer: stranger }),
      /not accepted/,
    ],
    ['a certificate that it signed itself', makeCertificate('by-name'), /not accepted: DEPTH_ZERO_SELF_SIGNED_CERT/],
    [
      'an expired certificate',
      makeCertificate('by-name', { issuer, notAfter: new Date('2021-01-01') }),
      /not accepted: CERT_HAS_EXPIRED/,
    ],
    [
      'a name without a record',
      makeCertificate('unknown', { issuer }),
      /in no record of the keys; its names: CN=unknown, /,
    ],
    ['a name that holds another', makeCertificate('x\nCN=by-name', { issuer }), /in no record|not accepted/],
    ['a name that quotes another', makeCertificate('x", CN=by-name', { issuer }), /in no record/],
    [
      'an alternative name that holds another',
      makeCertificate('x', { issuer, names: ['DNS:a, URI:spiffe://cluster/ns/prod/sa/scorer'] }),
      /in no record/,
    ],
    ['a certificate signed by a client', makeCertificate('by-name', { issuer: good }), /not accepted/],
    ['a revoked record', makeCertificate('gone', { issuer }), /was revoked/],
    ['an expired record', makeCertificate('late', { issuer }), /has expired/],
  ] as const) {
    const reply = await as(made);
    assert.equal(reply.status, 401, `${what}: ${reply.body}`);
    assert.match(reply.body, expected, what);
  }
  assert.equal((await call(port, { ca: server.certificate })).status, 401, 'no certificate');
  assert.equal((await call(port, { ca: server.certificate, path: '/livez' })).status, 200);
});

test('a record that is revoked counts at once, also over connections that are open', async (t) => {
  const issuer = makeCertificate('issuer of clients');
  const { record } = makeKey(['predict'], { certificate: 'CN=one' });
  const { sha256: _, ...rest } = record;
  const path = writeKeys(t, [{ record: rest, text: '', headers: { authorization: '' } }]);
  const files = writeFiles(t, server, issuer);
  const { port } = await listening(t, {
    API_KEYS: path,
    TLS_CERT: files.cert,
    TLS_KEY: files.key,
    TLS_CLIENT_CA: files.ca,
  });
  const { certificate, key } = makeCertificate('one', { issuer });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const used = new Set<PeerCertificate | number>();
  const status = () =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const sent = request({
        port,
        host: 'localhost',
        path: '/predict',
        method: 'POST',
        agent,
        headers,
        ca: server.certificate,
        cert: certificate,
        key,
      });
      sent.on('socket', ({ localPort }) => localPort && used.add(localPort));
      sent.on('response', (reply) => reply.resume().on('end', () => resolve(reply.statusCode!)));
      sent.on('error', reject).end(ROWS);
    });
  assert.equal(await status(), 200);
  assert.equal(await status(), 200);
  writeFileSync(
    `${path}.next`,
    keyLines([{ record: { ...rest, revoked: new Date().toISOString() }, text: '', headers: { authorization: '' } }]),
  );
  renameSync(`${path}.next`, path);
  await until('the record is revoked', 20, async () => (await status()) === 401);
  assert.ok(used.size <= 1, 'one connection');
});
